import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Played } from './campaign.ts'
import type { Order, Report } from './worker.ts'

/** A part that reports no case for that many seconds hangs. */
const patience = 300

/** A process that plays parts, and is replaced where it ends or hangs. */
export interface Worker {
  /** Resolves once the part is over: to what went wrong, where it was not played to its end. */
  play(order: Order, tell: (played: Played) => void): Promise<string | null>
  end(): void
}

function begin(): ChildProcess {
  const file = fileURLToPath(new URL('worker.ts', import.meta.url))
  // An answer to a process that is gone fails in nobody's name.
  return fork(file, { execArgv: ['--no-enable-source-maps', '--import=tsx'] }).on('error', () => undefined)
}

export function openWorker(): Worker {
  let child = begin()
  const again = () => {
    child.kill('SIGKILL')
    child = begin()
  }
  return {
    play: (order, tell) =>
      new Promise(resolve => {
        const own = child
        const end = (why: string | null) => {
          clearTimeout(timer)
          own.off('message', hear).off('exit', leave)
          resolve(why)
        }
        const leave = () => {
          again()
          end('The process that played it ended.')
        }
        const expire = () => {
          own.off('exit', leave)
          again()
          end(`It does not end: nothing was heard of it for ${patience} seconds.`)
        }
        const hear = (report: Report) => {
          timer.refresh()
          if ('played' in report) tell(report.played)
          else end(report.ended)
        }
        const timer = setTimeout(expire, patience * 1000)
        own.on('message', hear).on('exit', leave)
        own.send(order)
      }),
    end: () => void child.kill('SIGKILL'),
  }
}
