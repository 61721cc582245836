// `npm run bench`: how long the built program takes, as ratios to `node -e 0` in the same run, how much memory, and how many
// requests. See README.md next to this file. Usage: npm run bench -- [ROUNDS]
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Program, type Resources, median, resourcesOf, wallTime } from './measure.ts'
import { type ServedWorld, serveWorld } from './serve.ts'
import { type Result, renderTable } from './table.ts'
import { writeUnending } from './world.ts'

const root = join(import.meta.dirname, '..')
const program = join(root, 'dist', 'start.cjs')
const sizes = [100, 1_000, 10_000]

interface Contestant {
  readonly name: string
  readonly program: Program
  readonly world: ServedWorld | null
  readonly times: number[]
}

/** Of the largest world; what is found is not a failure. */
const largest: readonly (readonly string[])[] = [
  ['validate'],
  ['audit', '--offline', '--fail-on', 'critical'],
]

function contestants(worlds: readonly ServedWorld[], unending: string): readonly Contestant[] {
  const offline = (name: string, ...args: readonly string[]) => ({
    name,
    program: { args },
    world: null,
    times: [],
  })
  return [
    offline('node -e 0', '-e', '0'),
    offline('--help', program, '--help'),
    offline('validate the example', program, 'validate', '-c', join(root, 'examples', 'fluxloop-keys.yaml')),
    ...worlds.map((world, index) => ({
      name: `plan ${(sizes[index] ?? 0).toLocaleString('en')} keys`,
      // Fails where there is a change: only a plan with nothing to do is comparable.
      program: { args: [program, 'plan', '--detailed-exitcode', '-c', world.configuration], env: world.env },
      world,
      times: [],
    })),
    ...largest.map(([command = '', ...flags]) => {
      const name = `${command}${flags.includes('--offline') ? ' --offline' : ''} ${(sizes.at(-1) ?? 0).toLocaleString('en')} keys`
      return offline(name, program, command, ...flags, '-c', worlds.at(-1)?.configuration ?? '')
    }),
    // Shows the difference, and writes nothing: nobody is there to ask.
    ...[1_000, 10_000].map(fixes =>
      offline(
        `audit --fix ${fixes.toLocaleString('en')} of 10,000 keys`,
        ...[program, 'audit', '--offline', '--fix', '-c', join(unending, `unending-${fixes}.yaml`)],
      ),
    ),
  ]
}

async function results(all: readonly Contestant[], rounds: number): Promise<readonly Result[]> {
  const measured: (Contestant & { resources: Resources; requests: number })[] = []
  for (const one of all) {
    await one.world?.requests()
    const resources = await resourcesOf(one.program)
    measured.push({ ...one, resources, requests: (await one.world?.requests()) ?? 0 })
  }
  // In turns, so that whatever else the machine does slows down all alike.
  for (let round = 0; round < rounds; round++) {
    for (const { program, times } of all) times.push(await wallTime(program))
  }
  const [first] = measured
  const unit = median(first?.times ?? [])
  return measured.map(({ name, times, resources, requests }) => {
    const milliseconds = median(times)
    return { name, milliseconds, ratio: milliseconds / unit, ...resources, requests }
  })
}

async function bench(): Promise<void> {
  if (!existsSync(program)) throw new Error('There is no dist/start.cjs: run `npm run build` first')
  const rounds = Number(process.argv[2] ?? 9)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('ROUNDS is a whole number above zero')
  const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-bench-'))
  const worlds: ServedWorld[] = []
  try {
    for (const size of sizes) worlds.push(await serveWorld(size, folder))
    for (const fixes of [1_000, 10_000])
      await writeUnending(10_000, fixes, join(folder, `unending-${fixes}.yaml`))
    const table = renderTable(await results(contestants(worlds, folder), rounds))
    console.log(
      `Node ${process.version}, ${process.platform}, ${cpus().length} cores; medians of ${rounds} runs\n`,
    )
    console.log(table)
    const [load = 0] = loadavg()
    if (load > 2 * cpus().length)
      console.log(`\nThe machine is busy (load ${load.toFixed(0)}): only ratios and processor times tell.`)
  } finally {
    for (const world of worlds) await world.close()
    await rm(folder, { recursive: true, force: true })
  }
}

await bench()
