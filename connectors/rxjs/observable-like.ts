/** What these connectors need of an Observable, so that any version of rxjs, and any library with the same protocol, will do. */
import type { Observable } from "rxjs";

export interface ObserverLike<T> {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
}

export interface ObservableLike<T> {
  subscribe(observer: ObserverLike<T>): { unsubscribe(): void };
}

/** The first is there for the compiler, which cannot find `T` in the overloads of rxjs's `subscribe`. */
export type AnyObservable<T> = Observable<T> | ObservableLike<T>;
