/** `millrace/connectors/rxjs`: Observables as sources, and the results of a job as an Observable. */
export { fromObservable } from "./from-observable.ts";
export type { FromObservableOptions, ObservableFactory, ObservableSplit, OnFull } from "./from-observable.ts";
export type { AnyObservable, ObservableLike, ObserverLike } from "./observable-like.ts";
export { toObservable } from "./to-observable.ts";
export type { RxjsLibrary, ToObservableOptions } from "./to-observable.ts";
