/**
 * Results of a job as an rxjs Observable, beside the client.
 *
 * In:    an async iterable, such as `collectAsync()` returns. Out: its values, its end, its error.
 * State: none; each subscription walks the iterable, so an iterable that can be walked once gives an Observable for one subscriber.
 */
import { createRequire } from "node:module";
import type { Observable } from "rxjs";
import { MillraceError } from "../../core/util/errors.ts";

/** The part of rxjs that is used. */
export interface RxjsLibrary {
  readonly Observable: typeof Observable;
}

export interface ToObservableOptions {
  /** `import * as rxjs from "rxjs"`, for programs that are bundled. Default: the installed rxjs. */
  readonly rxjs?: RxjsLibrary;
}

/**
 * An Observable of what a stream's `collectAsync()` brings to the client: each value once, when its checkpoint is complete.
 *
 * Shape:  `Observable<T>` for one subscriber; unsubscribing stops the iteration.
 * Cost:   values wait in the iterable, not in the Observable.
 * Errors: `MR6203` no async iterable; `MR6204` rxjs is not installed. An error of the job is the error of the Observable.
 * Source: rxjs's `from`; the values are those of Flink's `DataStream#collectAsync`.
 *
 * @example
 * const results = toObservable(stream.collectAsync());
 * await env.executeAsync("alerts");
 * results.pipe(take(3)).subscribe((alert) => console.log(alert));
 */
export function toObservable<T>(values: AsyncIterable<T>, options: ToObservableOptions = {}): Observable<T> {
  const given = values as Partial<AsyncIterable<T>> | undefined; // whatever a caller without types passes
  if (typeof given?.[Symbol.asyncIterator] !== "function")
    throw new MillraceError(
      "MR6203",
      "toObservable() takes what stream.collectAsync() returned, or another async iterable",
    );
  const rxjs = options.rxjs ?? loadRxjs(createRequire(import.meta.url));
  return new rxjs.Observable<T>((subscriber) => {
    const iterator = values[Symbol.asyncIterator]();
    const walk = async (): Promise<void> => {
      while (!subscriber.closed) {
        const step = await iterator.next();
        if (step.done === true) return subscriber.complete();
        subscriber.next(step.value);
      }
    };
    walk().catch((error: unknown) => subscriber.error(error));
    return () => void iterator.return?.()?.catch(() => undefined);
  });
}

/** @internal */
export function loadRxjs(load: (name: string) => unknown): RxjsLibrary {
  try {
    return load("rxjs") as RxjsLibrary; // what the package of this name exports
  } catch (error) {
    throw new MillraceError("MR6204", "toObservable needs rxjs, which is not installed: run `npm install rxjs`", {
      cause: error,
      retryable: false,
    });
  }
}
