/*
 * Each script asks `fluxloop-keys __complete WORD...` and gets lines of a word, a tab and what it is; `:files` asks for
 * file names. A word comes from a server or a file, so no script evaluates it. `@{` stands for what begins an expansion in
 * a shell, and would here too.
 */

function script(text: string): string {
  return text.replaceAll('@{', '${')
}

const bash = String.raw`# fluxloop-keys, completion for bash. Put this line into ~/.bashrc:
#   source <(fluxloop-keys completion bash)
_fluxloop_keys() {
  local word line quoted='' glue='' current head
  local -a words=()
  # bash splits words at = and : as well. A flag and its value may as well be two words; a colon belongs to its word.
  for word in "@{COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ $word == '=' ]]; then continue
    elif [[ $word == ':' && @{#words[@]} -gt 0 ]]; then words[@{#words[@]}-1]+=':'; glue=1
    elif [[ -n $glue ]]; then words[@{#words[@]}-1]+=$word; glue=''
    else words+=("$word")
    fi
  done
  [[ @{COMP_WORDS[COMP_CWORD]} == '=' ]] && words+=('')
  [[ @{#words[@]} -eq 0 ]] && words=('')
  current=@{words[@{#words[@]}-1]}
  case $current in
    [\"\']*) quoted=1; current=@{current:1} ;;
    *) current=@{current//\\/} ;;
  esac
  words[@{#words[@]}-1]=$current
  head=''
  [[ $current == *:* ]] && head=@{current%:*}:
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ':files' ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
    else
      word=@{line%%$'\t'*}
      word=@{word#"$head"}
      [[ -z $quoted ]] && printf -v word '%q' "$word"
      COMPREPLY+=("$word")
    fi
  done < <(fluxloop-keys __complete "@{words[@]}" 2>/dev/null)
}
complete -F _fluxloop_keys fluxloop-keys
`

const zsh = String.raw`#compdef fluxloop-keys
# fluxloop-keys, completion for zsh. Put this line into ~/.zshrc, after compinit:
#   source <(fluxloop-keys completion zsh)
# or this file, as _fluxloop-keys, into a folder of $fpath.
_fluxloop_keys() {
  local line files
  local -a asked described
  (( CURRENT > 2 )) && asked=("@{(@Q)words[2,CURRENT-1]}")
  asked+=("@{(Q)PREFIX}")
  for line in "@{(@f)$(fluxloop-keys __complete "@{asked[@]}" 2>/dev/null)}"; do
    if [[ $line == ':files' ]]; then
      files=1
    elif [[ $line == *$'\t'* ]]; then
      described+=("@{@{@{line%%$'\t'*}//\\/\\\\}//:/\\:}:@{line#*$'\t'}")
    fi
  done
  (( @{#described} )) && _describe 'fluxloop-keys' described
  if [[ -n $files ]]; then
    compset -P '--*='
    _files
  fi
}
if [[ @{funcstack[1]} == _fluxloop_keys || @{funcstack[1]} == _fluxloop-keys ]]; then
  _fluxloop_keys "$@"
else
  compdef _fluxloop_keys fluxloop-keys
fi
`

const fish = String.raw`# fluxloop-keys, completion for fish. Save it as ~/.config/fish/completions/fluxloop-keys.fish
function __fluxloop_keys_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    for line in (fluxloop-keys __complete $words "$current" 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path "$current"
        else
            printf '%s\n' $line
        end
    end
end
complete -c fluxloop-keys -f -a '(__fluxloop_keys_complete)'
`

/** What `completion SHELL` prints. */
export const completionScripts = { bash: script(bash), zsh: script(zsh), fish } as const
