/** `millrace/connectors/rxjs`: Observables as sources, and the results of a job as an Observable. */
export { fromObservable } from "./from-observable.ts";
export type { BufferOptions, FromObservableOptions, ObservableFactory, ObservableSplit } from "./from-observable.ts";
export type { OnFull } from "./observable-feed.ts";
export type { AnyObservable, ObservableLike, ObserverLike } from "./observable-like.ts";
export { toObservable } from "./to-observable.ts";
export type { RxjsLibrary, ToObservableOptions } from "./to-observable.ts";
