import type { Words } from "./words.ts";

/** Completion for bash: a function with a case a command, and no need of the bash-completion package. */
export function bashCompletion(all: readonly Words[]): string {
  const cases = all.map(({ command, commands, options }) => {
    const words = [...commands, ...options].map(({ word }) => word);
    return `    ${quoted(command)}) words=${quoted(words.join(" "))} ;;`;
  });
  const groups = all.filter(({ command, commands }) => command !== "" && commands.length > 0);
  const values = [
    ...new Set(
      all.flatMap(({ options }) => options.flatMap(({ word, value }) => (value === undefined ? [] : [word]))),
    ),
  ];
  const files = [
    ...new Set(
      all.flatMap(({ options }) => options.flatMap(({ word, value }) => (value === "file" ? [word] : []))),
    ),
  ];
  return `# bash completion of wavegate: eval "$(wavegate completion bash)"
_wavegate() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word words index
  COMPREPLY=()
  case "$previous" in
    ${files.join(" | ")}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${values.filter((word) => !files.includes(word)).join(" | ")}) return ;;
  esac
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in
      ${values.join(" | ")}) ((index++)); continue ;;
      -*) continue ;;
    esac
    case "$command" in
      "") command="$word" ;;
      ${groups.map(({ command }) => quoted(command)).join(" | ")}) command="$command $word" ;;
    esac
  done
  case "$command" in
${cases.join("\n")}
    *) return ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _wavegate wavegate`;
}

function quoted(text: string): string {
  return `"${text}"`;
}
