import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Played } from './campaign.ts'

/** A case, and the campaign that it belongs to. */
export interface Line extends Played {
  readonly campaign: string
}

/** What was played with one build of the program and one state of the tests. */
export interface Progress {
  readonly folder: string
  /** By campaign and title; the latest counts. */
  lines(): ReadonlyMap<string, Line>
  add(line: Line): void
}

/** The program, and what judges it. */
const whatCounts = ['dist', 'test/campaigns', 'test/faults', 'test/fuzz', 'test/scenarios', 'test/support']

/** Changes with the program and with the tests: what one judge passed, another may not. */
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

/** `fresh`: forgets what earlier calls did with this build. */
export function openProgress(options: { readonly fresh: boolean }): Progress {
  return progressIn(join('.campaigns', buildHash()), options)
}

export function progressIn(folder: string, { fresh }: { readonly fresh: boolean }): Progress {
  if (fresh) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'played.jsonl')
  // Whatever a kill left unfinished ends here.
  writeFileSync(file, '\n', { flag: 'a' })
  return {
    folder,
    lines: () =>
      new Map(parsed(readFileSync(file, 'utf8')).map(line => [replayTitle(line.campaign, line.title), line])),
    add: line => appendFileSync(file, `${JSON.stringify(line)}\n`),
  }
}

/** A case's title among all campaigns. */
export function replayTitle(campaign: string, title: string): string {
  return `${campaign}: ${title}`
}

/** The command that plays one case. */
export function replayCommand(campaign: string, title: string): string {
  return `npm run test:campaigns -- --case '${replayTitle(campaign, title).replaceAll("'", String.raw`'\''`)}'`
}
