/** Classes are told from functions by how they were written: both are functions, and only a class needs `new`. */

export function isClass<T = unknown>(candidate: unknown): candidate is new () => T {
  return typeof candidate === "function" && /^class\b/.test(Function.prototype.toString.call(candidate));
}
