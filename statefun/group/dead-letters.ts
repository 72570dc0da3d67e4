/** Messages that cannot be delivered, as records for an egress that somebody watches. */
import type { TimeMs } from "../../core/time/clock.ts";
import type { Output } from "../../core/operators/operator.ts";
import type { Address, TypeName } from "../address.ts";
import type { DeadLetter } from "../define/error-policies.ts";
import type { Envelope } from "../envelope.ts";
import { copyValue } from "./copy-value.ts";
import type { HttpRequests } from "./http-requests.ts";
import { savedError } from "./saved-error.ts";

export class DeadLetters {
  readonly #egress: (name: TypeName) => Output<unknown> | undefined;
  readonly #clock: { nowMs(): TimeMs };
  readonly #http: Pick<HttpRequests, "failed">;

  /** `http`: whoever waits for a reply is told. */
  constructor(
    egress: (name: TypeName) => Output<unknown> | undefined,
    { clock, http }: { readonly clock: { nowMs(): TimeMs }; readonly http: Pick<HttpRequests, "failed"> },
  ) {
    this.#egress = egress;
    this.#clock = clock;
    this.#http = http;
  }

  emit(egress: TypeName, envelope: Envelope, error: unknown, timestampMs: TimeMs): void {
    const { to, id, from, fromId, kind, value } = envelope;
    const letter: DeadLetter & { readonly caller: Address | undefined } = {
      address: { type: to, id },
      caller: from === "" ? undefined : { type: from, id: fromId },
      kind,
      value: copyValue(value),
      error: savedError(error, this.#clock.nowMs()),
    };
    this.#egress(egress)?.processRecord(letter, timestampMs);
    this.#http.failed(envelope, letter.error, timestampMs);
  }
}
