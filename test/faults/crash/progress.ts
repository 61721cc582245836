import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Choice, Verdict } from './play.ts'
import { type Setting, settingTitle, titleOf } from './setting.ts'

/** A case that was played, and the points at which a further kill may be; or a setting, which fails where it cannot be set up. */
export interface Line extends Verdict {
  readonly places: readonly string[]
}

/** What was played of the matrix with one build of the program and one state of the harness; shards each write a file of their own. */
export interface Progress {
  readonly report: string
  /** By title; the latest counts. */
  lines(): ReadonlyMap<string, Line>
  add(line: Line): void
}

/** The program, and what judges it. */
const whatCounts = ['dist', 'test/faults/crash', 'test/support']

/** Changes with the program and with the harness: what one judge passed, another may not. */
export function buildHash(root = '.'): string {
  const hash = createHash('sha256')
  for (const folder of whatCounts) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      if (!/\.(c?js|ts)$/.test(name)) continue
      hash.update(`${folder}/${name}`).update(readFileSync(join(root, folder, name)))
    }
  }
  return hash.digest('hex').slice(0, 12)
}

function parsed(text: string): readonly Line[] {
  return text.split('\n').flatMap(line => {
    try {
      return [JSON.parse(line) as Line]
    } catch {
      // A line that a kill cut short is a case to play again.
      return []
    }
  })
}

/** In the folder of this build and this harness. */
export function openProgress(shard: string, options: { readonly fresh: boolean }): Progress {
  return progressIn(join('.crash-matrix', buildHash()), shard, options)
}

export function progressIn(folder: string, shard: string, { fresh }: { readonly fresh: boolean }): Progress {
  if (fresh) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${shard.replace('/', '-of-')}.jsonl`)
  // Whatever a kill left unfinished ends here.
  writeFileSync(file, '\n', { flag: 'a' })
  return {
    report: join(folder, 'report.json'),
    lines: () => {
      const files = readdirSync(folder).filter(name => name.endsWith('.jsonl'))
      const all = files.flatMap(name => parsed(readFileSync(join(folder, name), 'utf8')))
      return new Map(all.map(line => [line.title, line]))
    },
    add: line => appendFileSync(file, `${JSON.stringify(line)}\n`),
  }
}

/** What is left of a choice; null: nothing, and the setting need not be set up. Failed cases are played again. */
export function whatIsLeft(
  choice: Choice,
  setting: Setting,
  lines: ReadonlyMap<string, Line>,
): Choice | null {
  const passed = (first: string | null, second: string | null) => {
    const line = lines.get(titleOf(setting, { first, second }))
    return line?.faults.length === 0 ? line : null
  }
  const seconds: Choice['seconds'] = (first, places) =>
    choice.seconds(first, places).filter(second => passed(first, second) === null)
  const isLeft = (first: string) => {
    const once = passed(first, null)
    return once === null || seconds(first, once.places).length > 0
  }
  const firsts: Choice['firsts'] = places => choice.firsts(places).filter(isLeft)
  const whole = passed(null, null)
  const isSetUp = lines.get(settingTitle(setting))?.faults.length === 0
  if (isSetUp && whole !== null && firsts(whole.places).length === 0) return null
  return { firsts, seconds }
}
