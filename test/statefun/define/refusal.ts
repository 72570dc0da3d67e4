/** What a piece of code is refused with: code and sentence, or `nothing`. */
export function refusal(attempt: () => unknown): string {
  try {
    attempt();
    return "nothing";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
