/**
 * `millrace/statefun`: stateful functions, which message each other, on the engine.
 *
 * Begin with `fn` for a function, `ingress`, `router` and `egress` for how messages come in and leave, `module` for what belongs together, and `statefunJob`
 * for the job of it all. `StatefulFunction` and what stands around it is for those who know the original.
 */

// Functions
export { fn } from "./define/fn.ts";
export { type } from "./define/message-type.ts";
export { buffer, table, value } from "./define/state-specs.ts";
export { ttl } from "./define/expiration.ts";
export { deadLetter, retry } from "./define/error-policies.ts";
export { addressOf, external } from "./define/typed-address.ts";

// What comes in and what leaves
export { EgressIdentifier, egress } from "./module/egress.ts";
export { IngressIdentifier, ingress } from "./module/ingress.ts";
export { httpIngress } from "./http/http-ingress.ts";
export { router } from "./module/router.ts";
export { target } from "./module/target.ts";

// Modules and jobs
export { module } from "./module/module.ts";
export { discoverModules } from "./module/discover-modules.ts";
export { GlobalConfig } from "./module/global-config.ts";
export { statefunJob } from "./app/statefun-job.ts";
export { FunctionsOnStreams, statefun } from "./app/functions-on-streams.ts";
export { routable } from "./app/routable.ts";

// What a checkpoint says, and what to do about it
export { readInstances } from "./read/read-instances.ts";
export { readQuarantined } from "./read/read-quarantined.ts";
export { retryAddress, skipAddress } from "./app/repairs.ts";

// As in the original
export { FunctionType } from "./define/function-type.ts";
export { FunctionTypeNamespaceMatcher } from "./define/namespace-matcher.ts";
export { PersistedAppendingBuffer, PersistedTable, PersistedValue } from "./define/persisted.ts";
export { matching } from "./define/matching.ts";
export { AsyncOperationResult } from "./define/async-operation-result.ts";

// Types
export type { Address, TypeName } from "./address.ts";
export type { AsyncResult, DelayedOptions, EgressTarget } from "./define/function-context.ts";
export type { Expiration, ErrorPolicy, FunctionDefinition } from "./define/function-definition.ts";
export type { DeadLetter, OnError, RetryOptions } from "./define/error-policies.ts";
export type { ExpirationOptions } from "./define/expiration.ts";
export type {
  Accepts,
  AnyMessage,
  Delivered,
  FromOutside,
  FunctionSpec,
  NoState,
  OpenFunctionSpec,
  PartialFunctionSpec,
  StatefulFn,
} from "./define/fn.ts";
export type { InputOf, MessageType, OutputOf, PlainType } from "./define/message-type.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./define/standard-schema.ts";
export type { BufferSpec, StateOptions, StateSpecs, StateView, TableSpec, ValueSpec } from "./define/state-specs.ts";
export type { BufferState, TableState } from "./define/state-views.ts";
export type { TurnContext } from "./define/turn-context.ts";
export type {
  AddressFor,
  Anything,
  FunctionReference,
  KindOf,
  Messages,
  TypedAddress,
  TypedEgress,
} from "./define/typed-address.ts";
export type { PersistedOptions } from "./define/persisted.ts";
export type { MatchAction, MatchBinder, Predicate } from "./define/matching.ts";
export type { ProvidedOptions } from "./define/provided-function.ts";
export type { Context, StatefulFunction, StatefulFunctionProvider } from "./define/stateful-function.ts";
export type { QuarantinedAddress } from "./read/quarantined-in.ts";
export type { InstanceState } from "./read/instance-state.ts";
export type { Instance, ProvidedFunction } from "./read/read-instances.ts";
export type { QuarantinedOptions } from "./read/read-quarantined.ts";
export type { ReadOptions } from "./read/saved-groups.ts";
export type { GroupOptions } from "./app/group-options.ts";
export type { StatefunOptions } from "./app/functions-on-streams.ts";
export type { Routable } from "./app/routable.ts";
export type { StatefunJobOptions } from "./app/statefun-job.ts";
export type { Bindable, Binder, ModuleInput, StatefulFunctionModule } from "./module/module.ts";
export type { EgressOptions, EgressSink, EgressSpec } from "./module/egress.ts";
export type { IngressOptions, IngressSource, IngressSpec, IngressTarget, RawOf } from "./module/ingress.ts";
export type { ReplyMode } from "./http/answer.ts";
export type { HttpIngressOptions, HttpIngressSpec } from "./http/http-ingress.ts";
export type { AnyRoute, Downstream, KeyProperty, Route, RouteByKey, Router, RouterSpec } from "./module/router.ts";
export type { Target } from "./module/target.ts";
