// `npm run bench:histories`: how long the random histories of test/histories take, on as many cores as there are halves.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { type Game, playSeries } from '../test/support/histories/run.ts'

/** What one process took for its half, in milliseconds. */
interface Half {
  readonly wall: number
  readonly processor: number
}

const plays: readonly { readonly game: Game; readonly histories: number }[] = [
  { game: 'in process', histories: 10_000 },
  { game: 'over HTTP', histories: 200 },
]
const halves = 2

async function playHalf(game: Game, count: number, seed: number): Promise<Half> {
  const [start, used] = [performance.now(), process.cpuUsage()]
  await playSeries({ game, seed, count })
  const { user, system } = process.cpuUsage(used)
  return { wall: performance.now() - start, processor: (user + system) / 1000 }
}

async function playAll(game: Game, histories: number, seed: number): Promise<Half> {
  const start = performance.now()
  const answers = Array.from({ length: halves }, async (_, half) => {
    const child = fork(import.meta.filename, [game, String(histories / halves), String(seed + half)])
    const [answer] = (await once(child, 'message')) as [Half]
    return answer.processor
  })
  const processor = (await Promise.all(answers)).reduce((sum, each) => sum + each, 0)
  return { wall: performance.now() - start, processor }
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`

async function bench(seed: number): Promise<void> {
  console.log(
    `Node ${process.version}, ${process.platform}, ${cpus().length} cores, ${halves} processes, seed ${seed}\n`,
  )
  let wall = 0
  for (const { game, histories } of plays) {
    const took = await playAll(game, histories, seed)
    wall += took.wall
    console.log(
      `${histories.toLocaleString('en').padStart(6)} ${game.padEnd(10)}   ${seconds(took.wall).padStart(8)}   processor ${seconds(took.processor).padStart(8)}`,
    )
  }
  console.log(`\n${seconds(wall)} in all; target: 180 s`)
  const [load = 0] = loadavg()
  if (load > 2 * cpus().length)
    console.log(`The machine is busy (load ${load.toFixed(0)}): only processor times tell.`)
}

const [game, count, seed] = process.argv.slice(2)
if (process.send !== undefined && (game === 'in process' || game === 'over HTTP')) {
  process.send(await playHalf(game, Number(count), Number(seed)))
  process.disconnect()
} else {
  await bench(Number(game ?? 1))
}
