/** What the rollout calls the hub of a stack, in labels and records: the stack's name, in the letters they take. */
export function hubNameOf(stack: string): string {
  return stack
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "-")
    .slice(0, 40);
}
