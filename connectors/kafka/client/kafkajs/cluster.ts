/**
 * The brokers as one knows them at the moment: their addresses, who leads what, who coordinates whom, and connections to them.
 *
 * In: requests for a broker, for the leader of partitions, for a coordinator. Out: answers. Nothing is repeated here; whoever is told that it asked the wrong one
 * calls `forget`, and the next question finds out anew. State: what brokers have said, and one connection per broker, apart from those that fetch: a fetch waits at
 * the broker, and would hold up what comes behind it.
 */
import type { TopicPartition } from "../kafka-client.ts";
import { BrokerError, ConnectionLost, LEADER_NOT_AVAILABLE, UNKNOWN_TOPIC_OR_PARTITION } from "./broker-errors.ts";
import { groupBy, partitionText } from "./by-topic.ts";
import { addressText, Link } from "./link.ts";
import type { Address, LinkOptions } from "./link.ts";
import type { Exchange, Kafkajs } from "./load-kafkajs.ts";
import { TheirRequests } from "./their-requests.ts";
import type { MetadataAnswer } from "./their-requests.ts";

export type CoordinatorKind = "group" | "transaction";

export class Cluster {
  readonly requests: TheirRequests;
  readonly #kafkajs: Kafkajs;
  readonly #options: LinkOptions;
  readonly #servers: readonly Address[];
  readonly #nodes = new Map<number, Address>();
  readonly #links = new Map<string, Link>();
  readonly #idleFetchLinks = new Map<string, Link[]>();
  readonly #fetchLinks = new Set<Link>();
  readonly #leaders = new Map<string, ReadonlyMap<number, number>>();
  readonly #coordinators = new Map<string, number>();
  /** Who of those that may answer anything is asked; counts on when that one cannot. */
  #turn = 0;

  constructor(kafkajs: Kafkajs, servers: readonly Address[], options: LinkOptions) {
    this.requests = new TheirRequests(kafkajs);
    this.#kafkajs = kafkajs;
    this.#servers = servers;
    this.#options = options;
  }

  forget(): void {
    this.#leaders.clear();
    this.#coordinators.clear();
  }

  close(): void {
    for (const link of [...this.#links.values(), ...this.#fetchLinks]) link.close();
  }

  /** Empty: of all topics. Always asked anew. */
  async metadata(topics: readonly string[]): Promise<MetadataAnswer> {
    const answer = await this.askAny(this.requests.metadata(topics));
    this.#nodes.clear();
    for (const { nodeId, host, port } of answer.brokers) this.#nodes.set(nodeId, { host, port });
    this.#closeUnused();
    return answer;
  }

  /** Of the brokers that live, as the last metadata said. */
  nodes(): readonly number[] {
    return [...this.#nodes.keys()];
  }

  async askAny<T>(exchange: Exchange<T>): Promise<T> {
    const addresses = [...this.#nodes.values(), ...this.#servers];
    const address = addresses[this.#turn % addresses.length];
    if (address === undefined) throw new ConnectionLost("(none)", "no bootstrap server is given");
    try {
      return await this.#link(address).request(exchange);
    } catch (error) {
      this.#turn += 1;
      throw error;
    }
  }

  async ask<T>(node: number, exchange: Exchange<T>): Promise<T> {
    return this.#link(this.#address(node)).request(exchange);
  }

  async speaks(node: number, api: { readonly apiKey: number; readonly apiVersion: number }): Promise<boolean> {
    return this.#link(this.#address(node)).speaks(api.apiKey, api.apiVersion);
  }

  knows(node: number): boolean {
    return this.#nodes.has(node);
  }

  /** On a connection that is used for nothing else meanwhile. */
  async askToFetch<T>(node: number, exchange: Exchange<T>): Promise<T> {
    const address = this.#address(node);
    const name = addressText(address);
    const idle = this.#idleFetchLinks.get(name) ?? [];
    this.#idleFetchLinks.set(name, idle);
    const link = idle.pop() ?? new Link(this.#kafkajs, address, this.#options);
    this.#fetchLinks.add(link);
    try {
      return await link.request(exchange);
    } finally {
      idle.push(link);
    }
  }

  /** Groups what is about partitions by the broker that leads them. */
  async byLeader<T extends TopicPartition>(items: readonly T[]): Promise<Map<number, T[]>> {
    const unknown = [...new Set(items.map(({ topic }) => topic))].filter((topic) => !this.#leaders.has(topic));
    if (unknown.length > 0) this.#learnLeaders(await this.metadata(unknown));
    return groupBy(items, (item) => {
      const leader = this.#leaders.get(item.topic)?.get(item.partition);
      if (leader === undefined) throw new BrokerError(UNKNOWN_TOPIC_OR_PARTITION, partitionText(item));
      if (leader < 0) throw new BrokerError(LEADER_NOT_AVAILABLE, partitionText(item));
      return leader;
    });
  }

  async askCoordinator<T>(kind: CoordinatorKind, key: string, exchange: Exchange<T>): Promise<T> {
    const name = `${kind}/${key}`;
    const known = this.#coordinators.get(name);
    if (known !== undefined) return this.ask(known, exchange);
    const { errorCode, coordinator } = await this.askAny(this.requests.findCoordinator(kind, key));
    if (errorCode !== 0)
      throw new BrokerError(
        errorCode,
        `the coordinator of ${kind === "group" ? "group" : "transactional id"} "${key}"`,
      );
    const { nodeId, host, port } = coordinator;
    this.#nodes.set(nodeId, { host, port });
    this.#coordinators.set(name, nodeId);
    return this.ask(nodeId, exchange);
  }

  #learnLeaders({ topicMetadata }: MetadataAnswer): void {
    for (const { topic, topicErrorCode, partitionMetadata } of topicMetadata) {
      if (topicErrorCode !== 0) throw new BrokerError(topicErrorCode, `topic "${topic}"`);
      this.#leaders.set(topic, new Map(partitionMetadata.map(({ partitionId, leader }) => [partitionId, leader])));
    }
  }

  #address(node: number): Address {
    const address = this.#nodes.get(node);
    if (address === undefined) throw new ConnectionLost(`${node}`, "it is not among the brokers of the cluster now");
    return address;
  }

  #link(address: Address): Link {
    const name = addressText(address);
    const known = this.#links.get(name);
    if (known !== undefined) return known;
    const link = new Link(this.#kafkajs, address, this.#options);
    this.#links.set(name, link);
    return link;
  }

  /** Connections to bootstrap servers that are known by another address, and to brokers that have left. */
  #closeUnused(): void {
    const used = new Set([...this.#nodes.values()].map(addressText));
    for (const [name, link] of this.#links) {
      if (used.has(name) || !link.idle) continue;
      link.close();
      this.#links.delete(name);
    }
    for (const [name, links] of this.#idleFetchLinks) {
      if (used.has(name)) continue;
      for (const link of links) {
        link.close();
        this.#fetchLinks.delete(link);
      }
      this.#idleFetchLinks.delete(name);
    }
  }
}
