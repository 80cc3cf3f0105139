import type { OptionWord, Word, Words } from "./words.ts";

/** Completion for zsh, with what each word means. */
export function zshCompletion(all: readonly Words[]): string {
  const top = all.find(({ command }) => command === "");
  const groups = all.filter(({ command, commands }) => command !== "" && commands.length > 0);
  const leaves = all.filter(({ command, commands }) => command !== "" && commands.length === 0);
  const optionsOf = (options: readonly OptionWord[]): string => options.map(spec).join(" ");
  return `#compdef wavegate
# zsh completion of wavegate: eval "$(wavegate completion zsh)", after compinit
_wavegate() {
  local -a commands
  local command="$words[2]"
  if (( CURRENT == 2 )); then
    commands=(${(top?.commands ?? []).map(described).join(" ")})
    _describe command commands
    _arguments ${optionsOf(top?.options ?? [])}
    return
  fi
${groups
  .map(
    ({ command, commands }) => `  if [[ "$command" == ${quoted(command)} ]]; then
    if (( CURRENT == 3 )); then
      commands=(${commands.map(described).join(" ")})
      _describe command commands
      return
    fi
    command="$command $words[3]"
  fi`,
  )
  .join("\n")}
  case "$command" in
${leaves.map(({ command, options }) => `    ${quoted(command)}) _arguments ${optionsOf(options)} '*:argument:_default' ;;`).join("\n")}
  esac
}
if [[ "$funcstack[1]" == _wavegate ]]; then _wavegate "$@"; else compdef _wavegate wavegate; fi`;
}

function described({ word, meaning }: Word): string {
  return quoted(`${word}:${meaning}`);
}

function spec({ word, meaning, value }: OptionWord): string {
  const text = meaning.replaceAll(/[[\]:]/g, " ");
  const takes = value === undefined ? "" : `:${value}:${value === "file" ? "_files" : " "}`;
  return quoted(`${word}[${text}]${takes}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
