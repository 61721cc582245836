import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Answer {
  /** The first rule whose words are all among the arguments answers. */
  readonly words: readonly string[]
  readonly code?: number
  readonly stdout?: string
  readonly stderr?: string
}

export interface Call {
  readonly program: string
  readonly args: readonly string[]
  readonly input: string
  /** The names of its variables. */
  readonly env: readonly string[]
}

/** In plain sh, because a test starts it many times. */
const source = `#!/bin/sh
folder=\${0%/*}
call="$folder/$(ls "$folder" | grep -c '\\.args$' | xargs printf '%04d')"
printf '%s\\0' "\${0##*/}" "$@" > "$call.args"
env | sed -n 's/^\\([A-Za-z_][A-Za-z_0-9]*\\)=.*/\\1/p' > "$call.env"
cat > "$call.input"
input=$(cat "$call.input")
words="|$(printf '%s|' "$@")"
has() { case "$words" in *"|$1|"*) return 0 ;; *) return 1 ;; esac; }
. "$folder/answers.sh"
`

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`).replaceAll('$INPUT', `'"$input"'`)}'`
}

function rule({ words, code = 0, stdout = '', stderr = '' }: Answer): string {
  const fits = words.map(word => `has ${quoted(word)}`).join(' && ')
  const says = `printf %s ${quoted(stdout)}; printf %s ${quoted(stderr)} >&2; exit ${code}`
  return `if ${fits === '' ? 'true' : fits}; then ${says}; fi\n`
}

/** Programs that write down how they are called, and answer as they are told. */
export interface StandIn {
  /** Goes to the front of PATH. */
  readonly folder: string
  answer(answers: readonly Answer[]): void
  /** What they were called with since the last look. */
  calls(): readonly Call[]
}

export function standIn(folder: string, programs: readonly string[]): StandIn {
  mkdirSync(folder, { recursive: true })
  for (const program of programs) {
    writeFileSync(join(folder, program), source)
    chmodSync(join(folder, program), 0o755)
  }
  const answer = (answers: readonly Answer[]) =>
    writeFileSync(join(folder, 'answers.sh'), answers.map(rule).join(''))
  answer([])
  let seen = 0
  return {
    folder,
    answer,
    calls: () => {
      const names = readdirSync(folder).filter(name => name.endsWith('.args'))
      const fresh = names.sort().slice(seen)
      seen = names.length
      return fresh.map(name => {
        const read = (ending: string) => readFileSync(join(folder, name.replace(/args$/, ending)), 'utf8')
        const [program = '', ...args] = read('args').split('\0').slice(0, -1)
        return { program, args, input: read('input'), env: read('env').trimEnd().split('\n') }
      })
    },
  }
}
