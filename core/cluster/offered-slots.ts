/**
 * The master's side of slots that live elsewhere: takes their offers, watches over them, and tells the job master who came and who was lost.
 *
 * In:   offers, beats and withdrawals, each with the name of the offer. Out: calls of the job master; beats and dismissals to the slots.
 */
import type { Clock } from "../time/clock.ts";
import type { Config } from "../util/config.ts";
import { MillraceError } from "../util/errors.ts";
import { Heartbeats, heartbeatTiming } from "./heartbeats.ts";
import type { JobMaster } from "./job-master.ts";
import type { Gateway } from "./rpc/in-process.ts";
import type { SlotGateway } from "./slot-worker.ts";

export interface OfferedSlotsOptions {
  readonly master: Pick<JobMaster, "slotOffered" | "slotLost">;
  readonly clock: Clock;
  readonly config: Config;
  /** As of `Heartbeats`. */
  readonly forgivesOwnStalls?: boolean;
  /** How to reach the slot that made an offer. */
  connect(offer: string): Gateway<SlotGateway>;
}

export class OfferedSlots {
  readonly #options: OfferedSlotsOptions;
  readonly #gateways: Map<string, Gateway<SlotGateway>>;
  readonly #heartbeats: Heartbeats;

  constructor(options: OfferedSlotsOptions) {
    const { clock, config, forgivesOwnStalls = false } = options;
    const timing = heartbeatTiming(config);
    this.#options = options;
    this.#gateways = new Map();
    this.#heartbeats = new Heartbeats({
      clock,
      ...timing,
      forgivesOwnStalls,
      send: (offer) => this.#gateways.get(offer)?.beat(),
      lost: (offer) => {
        this.#gateways.get(offer)?.dismiss();
        this.#lost(
          offer,
          new MillraceError("MR7008", `slot ${offer} has not been heard for more than ${timing.timeoutMs} ms`),
        );
      },
    });
  }

  offered(offer: string): void {
    const gateway = this.#options.connect(offer);
    this.#gateways.set(offer, gateway);
    this.#heartbeats.watch(offer);
    this.#options.master.slotOffered({ id: offer, gateway });
  }

  beat(offer: string): void {
    this.#heartbeats.heard(offer);
  }

  /** It has withdrawn, or the connection to it is gone. */
  withdrawn(offer: string, cause: Error): void {
    if (!this.#gateways.has(offer)) return;
    this.#heartbeats.forget(offer);
    this.#lost(offer, cause);
  }

  stop(): void {
    this.#heartbeats.stop();
  }

  #lost(offer: string, cause: Error): void {
    this.#gateways.delete(offer);
    this.#options.master.slotLost(offer, cause);
  }
}
