import { spawnSync } from 'node:child_process'
import { playTitle } from './all.ts'
import type { Campaign, Played, Settled } from './campaign.ts'
import { type Line, type Progress, replayCommand } from './progress.ts'
import { type Choice, openSchedule } from './schedule.ts'
import { type Worker, openWorker } from './workers.ts'

export interface Wanted {
  readonly campaigns: Readonly<Record<string, Campaign>>
  readonly minutes: number
  readonly seed: string
  /** The title of the only case; null: as many as fit. */
  readonly only: string | null
  readonly processes: number
  readonly progress: Progress
  readonly print: (line: string) => void
}

export interface Tally {
  readonly passed: number
  readonly failed: number
  /** Is something left to play? */
  readonly left: boolean
}

/** How often it says how far it is, in seconds. */
const newsEvery = 30

function inWords({ campaign, title, faults }: Line): string {
  const text = faults.join('\n').replaceAll('\n', '\n  ')
  return `FAILED ${campaign}: ${title}\n  ${text}\n  Again: ${replayCommand(campaign, title)}`
}

/** Plays one case. */
async function playOnly(title: string, { print, seed }: Wanted): Promise<Tally> {
  const faults = await playTitle(title, seed)
  if (faults.length > 0) print([`FAILED ${title}`, ...faults].join('\n').replaceAll('\n', '\n  '))
  return { passed: Number(faults.length === 0), failed: Number(faults.length > 0), left: false }
}

/** What passed with this build. */
function passedOf(lines: ReadonlyMap<string, Line>, campaign: string): Settled {
  const own = [...lines.values()].filter(line => line.campaign === campaign && line.faults.length === 0)
  return new Map(own.map(line => [line.title, line]))
}

interface Records {
  add(line: Line): void
  soFar(): string
  tally(): { readonly passed: number; readonly failed: number }
  /** Prints every failure once more, and how many cases each campaign had. */
  close(campaigns: readonly string[]): void
}

function openRecord({ progress, print }: Wanted): Records {
  const lines: Line[] = []
  const tally = () => {
    const failed = lines.filter(({ faults }) => faults.length > 0).length
    return { passed: lines.length - failed, failed }
  }
  return {
    add: line => {
      lines.push(line)
      progress.add(line)
      if (line.faults.length > 0) print(inWords(line))
    },
    soFar: () => `${tally().passed} passed, ${tally().failed} failed`,
    tally,
    close: campaigns => {
      const failures = lines.filter(({ faults }) => faults.length > 0)
      if (failures.length > 0) print(['', 'All failures once more:', ...failures.map(inWords)].join('\n'))
      for (const campaign of campaigns) {
        const own = lines.filter(line => line.campaign === campaign)
        print(`Of ${campaign}: ${own.length}`)
      }
    },
  }
}

/** How many times slower a process starts here than on a machine at rest, which takes 24 ms. */
function slowness(): number {
  const times = [1, 2, 3].map(() => {
    const began = performance.now()
    spawnSync(process.execPath, ['-e', '0'], { env: {} })
    return performance.now() - began
  })
  return Math.max(1, Math.min(...times) / 24)
}

export async function playCampaigns(wanted: Wanted): Promise<Tally> {
  const { campaigns, minutes, seed, only, processes, progress, print } = wanted
  if (only !== null) return await playOnly(only, wanted)
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  const former = progress.lines()
  const schedule = openSchedule(campaigns, seed, campaign => passedOf(former, campaign), slowness())
  print(
    `Seed ${seed}, ${minutes} minutes, ${processes} processes; what was played stands in ${progress.folder}.`,
  )

  const record = openRecord(wanted)
  const news = setInterval(
    () => print(`${Math.round(seconds())} s: ${record.soFar()} so far`),
    newsEvery * 1000,
  )
  const atWork = new Set<Promise<void>>()

  async function playPart(worker: Worker, choice: Choice): Promise<void> {
    const start = seconds()
    const { campaign, name } = choice
    let cases = 0
    const hear = (played: Played) => {
      cases += 1
      schedule.played(choice, played)
      record.add({ ...played, campaign })
    }
    const settled = schedule.settledOf(choice)
    const trouble = await worker.play({ campaign, name, seed, settled }, hear)
    if (trouble !== null || cases === 0) hear({ title: name, faults: [trouble ?? 'It has no case.'] })
    schedule.ended(choice, cases, seconds() - start)
  }

  async function work(): Promise<void> {
    const worker = openWorker()
    for (;;) {
      const choice = schedule.next(minutes * 60 - seconds())
      if (choice !== null) {
        const playing = playPart(worker, choice)
        atWork.add(playing)
        await playing
        atWork.delete(playing)
      } else if (atWork.size === 0) break
      // What others are at may have to be over before anything else begins.
      else await Promise.race(atWork)
    }
    worker.end()
  }

  await Promise.all(Array.from({ length: processes }, work))
  clearInterval(news)
  record.close(Object.keys(campaigns))
  return { ...record.tally(), left: schedule.next(Infinity) !== null }
}
