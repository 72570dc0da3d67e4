/** An error is attributed to its operator by the stack, of which Node keeps ten lines: too few for functions that call deeply. */
export const STACK_FRAMES = 50;
