/** `headgate completion SHELL`: a script that makes a shell ask Headgate what may stand next. */
import type { CommandDefinition, Invocation } from './command.ts'

/** Each asks `complete` with the words behind the command; an empty answer leaves the files to the shell. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# Completion of headgate for bash. Add to ~/.bashrc: source <(headgate completion bash)
_headgate() {
  local IFS=$'\\n'
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=($("$1" complete -- "\${words[@]}" 2>/dev/null))
}
complete -o default -F _headgate headgate
`,
  zsh: `#compdef headgate
# Completion of headgate for zsh. Add to ~/.zshrc, after compinit: source <(headgate completion zsh)
_headgate() {
  local -a candidates
  candidates=(\${(f)"$("$words[1]" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#candidates )); then
    compadd -a candidates
  else
    _files
  fi
}
compdef _headgate headgate
`,
  fish: `# Completion of headgate for fish. Write to ~/.config/fish/completions/headgate.fish
function __headgate_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] complete -- $words[2..-1] 2>/dev/null
end
complete -c headgate -f -n 'test (count (__headgate_complete)) -gt 0' -a '(__headgate_complete)'
`,
}

export const completion: CommandDefinition = {
  name: 'completion',
  summary: 'Print a script that completes commands, options, kinds and live names in a shell.',
  arguments: [
    {
      name: 'SHELL',
      required: true,
      choices: Object.keys(SCRIPTS),
      summary: 'Whose script.',
    },
  ],
  options: [],
  examples: ['source <(headgate completion bash)', 'headgate completion fish'],
  run: async ({ arguments: [shell = ''], terminal }: Invocation): Promise<number> => {
    await terminal.print(SCRIPTS[shell] ?? '')
    return 0
  },
}
