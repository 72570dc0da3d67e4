/** Links between slots: one per pair, asked for once; messages keep their order; who cannot be reached is told of once per offer. */
import { beforeEach, describe, expect, test } from "vitest";
import { Peers } from "../../../core/cluster/peers.ts";
import type { PeerLink } from "../../../core/cluster/peers.ts";
import type { ToPeer } from "../../../core/cluster/slot-messages.ts";
import { slotOfOffer } from "../../../core/cluster/slot-messages.ts";

/** Of the slot `here`, whose offer `here#2` is in force. */
class Bench {
  readonly log: string[] = [];
  readonly deferred: (() => void)[] = [];
  readonly peers: Peers;

  constructor() {
    this.peers = new Peers({
      worker: {
        holds: (offer) => offer === "here#2",
        receive: (offer, message) => this.log.push(`${offer} receives ${message.attempt}`),
        disconnected: (offer, cause) => this.log.push(`lost ${offer}: ${cause.message}`),
      },
      connect: (peer) => this.log.push(`connect ${peer}`),
      defer: (callback) => void this.deferred.push(callback),
    });
  }

  send(to: string, attempt: number): void {
    this.peers.send(channelMessage("here#2", to, attempt));
  }

  link(peer: string): PeerLink {
    return {
      send: (message) =>
        this.log.push(
          message.kind === "gone"
            ? `${peer} hears that ${message.offer} is gone`
            : `${peer} gets ${message.message.attempt}`,
        ),
      close: () => this.log.push(`close ${peer}`),
    };
  }

  said(): string[] {
    for (const callback of this.deferred.splice(0)) callback();
    return this.log.splice(0);
  }
}

/** Numbered by its attempt. */
function channelMessage(from: string, to: string, attempt: number): Extract<ToPeer, { readonly kind: "channel" }> {
  const channel = { edge: 0, producer: 0, consumer: 0 };
  const element = { kind: "idle", idle: true } as const;
  return { kind: "channel", from, to, message: { attempt, channel, message: { kind: "control", element } } };
}

const GONE = "it is not there any more";
let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

test("an offer names its slot", () => expect(slotOfOffer("taskmanager-1/0.2#13")).toBe("taskmanager-1/0.2"));

describe("sending", () => {
  test("asks for a link once, and sends what waited in its order", () => {
    for (const attempt of [1, 2]) bench.send("there#1", attempt);
    bench.send("elsewhere#1", 3);
    expect(bench.said()).toEqual(["connect there", "connect elsewhere"]);
    bench.peers.linked("there", bench.link("there"));
    bench.send("there#1", 4);
    expect(bench.said()).toEqual(["there gets 1", "there gets 2", "there gets 4"]);
  });

  test("needs no asking where the other side has asked, also at the same time", () => {
    bench.peers.linked("there", bench.link("there"));
    bench.send("there#1", 1);
    expect(bench.said()).toEqual(["there gets 1"]);
    bench.send("elsewhere#1", 2);
    bench.peers.linked("elsewhere", bench.link("elsewhere"));
    expect(bench.said()).toEqual(["connect elsewhere", "elsewhere gets 2"]);
  });

  test("to a slot that is not there, or is there no more, fails later and for each offer that was sent to", () => {
    bench.send("there#1", 1);
    bench.send("there#2", 2);
    bench.peers.refused("there");
    expect(bench.said()).toEqual(["connect there", `lost there#1: ${GONE}`, `lost there#2: ${GONE}`]);
    bench.send("there#2", 3);
    expect(bench.log).toEqual([]); // not within the call
    expect(bench.said()).toEqual([`lost there#2: ${GONE}`]);
  });
});

describe("receiving", () => {
  test("hands over what is for the offer in force", () => {
    bench.peers.received(channelMessage("there#1", "here#2", 7), bench.link("there"));
    expect(bench.said()).toEqual(["here#2 receives 7"]);
  });

  test("answers what is for another offer: whoever sent it has to know", () => {
    bench.peers.received(channelMessage("there#1", "here#1", 7), bench.link("there"));
    expect(bench.said()).toEqual(["there hears that here#1 is gone"]);
    bench.peers.received({ kind: "gone", offer: "there#1" }, bench.link("there"));
    expect(bench.said()).toEqual([`lost there#1: ${GONE}`]);
  });

  test("makes an offer known, so that its loss is told with that of the link", () => {
    const link = bench.link("there");
    bench.peers.linked("there", link);
    bench.peers.received(channelMessage("there#3", "here#2", 1), link);
    bench.said();
    bench.peers.lost("there");
    expect(bench.said()).toEqual([`lost there#3: ${GONE}`]);
  });
});

test("of those that were lost long ago nothing is kept: whoever writes to one asks again, and is refused", () => {
  for (let n = 0; n < 65; n += 1) bench.peers.lost(`slot-${n}`);
  bench.send("slot-1#1", 1);
  expect(bench.said()).toEqual([`lost slot-1#1: ${GONE}`]);
  bench.send("slot-0#1", 1);
  expect(bench.said()).toEqual(["connect slot-0"]);
  bench.peers.refused("slot-0");
  expect(bench.said()).toEqual([`lost slot-0#1: ${GONE}`]);
});

test("links are closed at the end; those that were lost are not", () => {
  for (const peer of ["a", "b"]) bench.peers.linked(peer, bench.link(peer));
  bench.peers.lost("a");
  bench.peers.close();
  expect(bench.said()).toEqual(["close b"]);
});
