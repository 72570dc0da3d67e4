/**
 * The row codec: any plain value ↔ bytes that describe themselves. Used for state, splits, committables and metadata.
 */
export {};
