// `npm run bench:hostile`: what configurations cost that somebody made to cost much. See README.md next to this file.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure } from './measure.ts'

const program = join(import.meta.dirname, '..', 'dist', 'start.cjs')
const target = { processor: 5_000, megabytes: 400 }

const head = 'version: 1\nstack: a\n'
const keys = `${head}defaults: { expires: 90d }\nkeys:\n`
const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('')
const key = (index: number, permissions = 'read_scenarios') =>
  `  k${index}: { name: K${index}, scope: all, permissions: [${permissions}] }\n`
const rules = many(
  300,
  index =>
    `    rule-${index}: { when: 'desired.lifetimeDays > ${400 + index}', message: m, severity: low }\n`,
)

interface Case {
  readonly text: string
  /** `validate` unless given. */
  readonly command?: readonly string[]
  readonly exitCode?: number
}

const cases: Readonly<Record<string, () => Case>> = {
  '13 MB of unknown properties': () => ({ text: head + many(780_000, index => `p${index}: x${index}\n`) }),
  '490,000 unknown properties': () => ({ text: head + many(490_000, index => `p${index}: x\n`) }),
  '480,000 times one key': () => ({ text: keys + '  same: 1\n'.repeat(480_000) }),
  'one scalar of 16 MB': () => ({ text: `${head}description: ${'x'.repeat(15_900_000)}\n` }),
  '400,000 brackets': () => ({ text: `${head}keys: ${'['.repeat(400_000)}\n` }),
  '60,000 keys with three errors each': () => ({
    text: keys + many(60_000, index => `  k${index}: { nmae: K, scpoe: 1, permissions: [a, b] }\n`),
  }),
  '50,000 keys with an unknown role': () => ({ text: keys + many(50_000, index => key(index, "'role:no'")) }),
  '400,000 unknown permissions': () => ({
    text:
      keys +
      key(
        0,
        many(400_000, index => `p${index}, `),
      ),
  }),
  '80,000 exceptions': () => ({
    text: `${keys}${key(0).trimEnd().slice(0, -2)}, exceptions: [${many(80_000, index => `{ rule: no-${index}, reason: x, until: 2027-01-01 }, `)}] }\n`,
  }),
  '200,000 roles': () => ({
    text: `${keys}${key(0)}roles:\n${many(200_000, index => `  r${index}: [read_scenarios]\n`)}`,
    exitCode: 0,
  }),
  '300 rules for 3,000 keys': () => ({
    text: `${head}defaults: { expires: 90d }\npolicy:\n  rules:\n${rules}keys:\n${many(3_000, index => key(index))}`,
    command: ['audit', '--offline'],
    exitCode: 0,
  }),
}

const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-bench-'))
const file = join(folder, 'fluxloop-keys.yaml')
try {
  for (const [name, make] of Object.entries(cases)) {
    const { text, command = ['validate'], exitCode = 2 } = make()
    await writeFile(file, text)
    const { processor, megabytes } = await measure(
      { args: [program, ...command, '-c', file], exitCode },
      folder,
    )
    const within = processor <= target.processor && megabytes <= target.megabytes
    console.log(
      `| ${name} | ${(processor / 1000).toFixed(1)} s | ${Math.round(megabytes)} MB | ${within ? 'within' : 'ABOVE'} 5 s and 400 MB |`,
    )
  }
} finally {
  await rm(folder, { recursive: true })
}
