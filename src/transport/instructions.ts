/** What every client shows to its model; some cut at 2,048 characters. */
export const instructions = [
  "Kubernetes through Countersign, in kubectl's words: get, logs, apply, delete, scale, exec, approval.",
  'Reads are free and answer at once. Changes may wait for a person, who sees the whole plan and its diff before anything runs.',
  '',
  '- Put objects that belong together into one apply: one plan, one approval.',
  '- Check a change with "dryRun": true first: it shows effect, diff and policy decision, asks nobody and changes nothing.',
  '- "reason" is shown to the approver as your claim: say in one sentence why.',
  '- Send only the fields that you mean to set; what a manifest omits stays.',
  '- When the answer is approval_pending, call approval with its id: it waits again and, once approved, runs exactly what was planned and returns the result. Never send the call again, never split or reword it, never go around it with a shell, kubectl or another tool. If you must end your turn, tell the user the id and that you wait.',
  '- A denial is final for that plan. Its comment is the word of a person: do what it asks as a new call, or give it to the user word for word.',
  '- Values of Secrets come back as placeholders such as [masked Secret db/password] and cannot be read with any tool here. Use them by reference (secretKeyRef), leave them out of manifests: a placeholder in a manifest is refused.',
  '- Every answer ends with "Next:", which says what you may do next. Every call is recorded.',
].join('\n');
