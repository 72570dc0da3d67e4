/** The transports of channels keep the same contract: within a slot, as frames over a wire that may break, and as frames over the message ports of threads. */
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { GeneratedCodecs } from "../../../core/network/columnar/generated-codecs.ts";
import { FloatingCredit } from "../../../core/network/floating-credit.ts";
import { InSlotChannel } from "../../../core/network/in-slot-channel.ts";
import { ReceivingChannel } from "../../../core/network/receiving-channel.ts";
import { SendingChannel } from "../../../core/network/remote-channel.ts";
import type { ChannelMessage, RemoteChannelOptions } from "../../../core/network/remote-channel.ts";
import { checkChannel } from "../../conformance/channel.ts";
import type { ChannelUnderTest } from "../../conformance/channel.ts";

const FEW: RemoteChannelOptions = { frames: 2, frameBytes: 256, codecs: new GeneratedCodecs() };
const USUAL: RemoteChannelOptions = { ...FEW, frameBytes: 32_768 };
/** Frames beyond those, as if it were the only channel into its task. */
const SHARED = 3;

function inSlot(): ChannelUnderTest {
  const channel = new InSlotChannel(16);
  return {
    writer: channel,
    reader: channel,
    connectProducer: (producer) => channel.connectProducer(producer),
    flush: () => undefined,
    arrive: () => undefined,
  };
}

interface Wire {
  toConsumer(message: ChannelMessage): void;
  toProducer(message: ChannelMessage): void;
  /** What has arrived. */
  atConsumer(): readonly ChannelMessage[];
  atProducer(): readonly ChannelMessage[];
  lose?(): void;
}

function over(wire: Wire, options: RemoteChannelOptions): ChannelUnderTest {
  const sending = new SendingChannel((message) => wire.toConsumer(message), options);
  const share = { shared: new FloatingCredit(SHARED), sharedFrames: SHARED };
  const receiving = new ReceivingChannel({ ...options, ...share }, (message) => wire.toProducer(message));
  const { lose } = wire;
  return {
    writer: sending,
    reader: receiving.reader,
    connectProducer: (producer) => sending.connectProducer(producer),
    flush: () => sending.flush(),
    arrive: () => {
      for (const message of wire.atProducer()) if (message.kind === "credit") sending.grant(message.frames);
      for (const message of wire.atConsumer()) receiving.receive(message);
    },
    ...(lose === undefined ? {} : { lose }),
  };
}

function queues(): Wire {
  const [forward, back]: [ChannelMessage[], ChannelMessage[]] = [[], []];
  let isLost = false;
  return {
    toConsumer: (message) => void (isLost || forward.push(message)),
    toProducer: (message) => void (isLost || back.push(message)),
    atConsumer: () => forward.splice(0),
    atProducer: () => back.splice(0),
    lose: () => {
      isLost = true;
      forward.length = 0;
    },
  };
}

/** Frames are handed over, as between threads: whoever keeps one after sending it would find it empty. */
function ports(): Wire {
  const { port1, port2 } = new MessageChannel();
  const drain = (port: MessagePort): readonly ChannelMessage[] => {
    const messages: ChannelMessage[] = [];
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
      messages.push(next.message as ChannelMessage); // nothing else is sent
    return messages;
  };
  return {
    toConsumer: (message) => port1.postMessage(message, message.kind === "records" ? [bufferOf(message.frame)] : []),
    toProducer: (message) => port2.postMessage(message),
    atConsumer: () => drain(port2),
    atProducer: () => drain(port1),
  };
}

function bufferOf({ buffer }: Uint8Array): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer;
  throw new Error("a frame has a buffer of its own");
}

checkChannel({ name: "within a slot", create: inSlot });
checkChannel({ name: "frames over a wire that may break", create: () => over(queues(), FEW) });
checkChannel({ name: "frames of the usual size over a wire", create: () => over(queues(), USUAL) });
checkChannel({ name: "frames over message ports", create: () => over(ports(), FEW) });
