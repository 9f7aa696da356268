/** Words that people bring from other tools, and what they are here. */

/** Instead of a command that is not there. */
export const COMMAND_HABITS: Readonly<Record<string, string>> = {
  cat: 'headgate tail STREAM --no-follow',
  check: 'headgate validate',
  destroy: 'headgate delete KIND NAME',
  edit: 'headgate kubeconfig, and kubectl edit',
  logs: 'headgate events KIND NAME, or headgate tail STREAM',
  ls: 'headgate get KIND',
  patch: 'headgate kubeconfig, and kubectl patch',
  pause: 'headgate suspend KIND NAME',
  refresh: 'headgate reconcile',
  rm: 'headgate delete KIND NAME',
  run: 'headgate up FOLDER',
  scale: 'headgate kubeconfig, and kubectl scale',
  serve: 'headgate up FOLDER',
  show: 'headgate describe KIND NAME',
  start: 'headgate up FOLDER',
  status: 'headgate get all',
  sync: 'headgate reconcile',
  undo: 'headgate rollback previous',
  unpause: 'headgate resume KIND NAME',
}

/** Instead of an option that a command does not have. */
export const OPTION_HABITS: Readonly<Record<string, string>> = {
  'apply -f': 'the path stands alone: headgate apply PATH --source NAME',
  'apply --auto-approve': 'headgate apply PATH --source NAME --yes',
  'delete -f':
    'name what goes: headgate delete KIND NAME; what a set no longer holds goes with its next apply',
  'diff -f': 'headgate plan PATH',
  'plan -f': 'the path stands alone: headgate plan PATH',
  'plan -out': 'headgate plan PATH --out FILE',
  'plan -detailed-exitcode': 'headgate plan --detailed-exitcode',
  'validate -f': 'the path stands alone: headgate validate PATH',
}

/** What is meant by the words of a command line that was refused for a command or an option. */
export function habitOf(words: readonly string[]): string | undefined {
  const [command = ''] = words
  if (Object.hasOwn(COMMAND_HABITS, command)) return COMMAND_HABITS[command]
  const options = words.slice(1).map((word) => word.split('=')[0])
  for (const option of options) {
    const key = `${command} ${option}`
    if (Object.hasOwn(OPTION_HABITS, key)) return OPTION_HABITS[key]
  }
  return undefined
}
