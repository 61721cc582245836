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
  local word line glue='' current head='' quote='' text='' at char tick=$'\x60'
  local -a words=()
  COMPREPLY=()
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
  word=@{words[@{#words[@]}-1]}
  # What the word means, and which quote is open. bash replaces what stands behind that quote, and so only a word that begins
  # with it can be completed.
  for ((at = 0; at < @{#word}; at++)); do
    char=@{word:at:1}
    if [[ $char == '\' && $quote != "'" ]]; then
      at=$((at + 1))
      char=@{word:at:1}
      [[ $quote == '"' && $char != [\"\\\$$tick] ]] && text+='\'
      text+=$char
    elif [[ -z $quote && $char == [\"\'] ]]; then
      [[ $at -eq 0 ]] || return
      quote=$char
    elif [[ $char == "$quote" ]]; then return
    else text+=$char
    fi
  done
  current=$text
  words[@{#words[@]}-1]=$current
  [[ -z $quote && $current == *:* ]] && head=@{current%:*}:
  while IFS= read -r line; do
    if [[ $line == ':files' ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
      continue
    fi
    word=@{line%%$'\t'*}
    word=@{word#"$head"}
    if [[ -z $quote ]]; then
      printf -v text '%q' "$word"
    else
      # Between double quotes nothing keeps bash from replacing what follows a !.
      [[ $quote == '"' && $word == *'!'* ]] && continue
      text=''
      for ((at = 0; at < @{#word}; at++)); do
        char=@{word:at:1}
        case $quote$char in
          \'\') text+="'\\''" ;;
          \"[\"\\\$$tick]) text+="\\$char" ;;
          *) text+=$char ;;
        esac
      done
    fi
    COMPREPLY+=("$text")
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
