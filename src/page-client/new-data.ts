import { type PackedData, unpackData } from '../render/page/packed.ts'
import type { PageData } from '../render/page/page-data.ts'

/** How often the page asks its own server, on this machine, whether there is something new. */
const pause = 3_000

/** Calls back with every new state of a live page. */
export function onNewData(take: (data: PageData) => void): void {
  let tag = ''
  const look = async () => {
    try {
      const answer = await fetch('data', {
        headers: tag === '' ? {} : { 'if-none-match': tag },
        cache: 'no-store',
      })
      document.documentElement.classList.remove('lost')
      if (answer.status === 200) {
        tag = answer.headers.get('etag') ?? ''
        take(unpackData((await answer.json()) as PackedData))
      } else if (answer.status !== 304) document.documentElement.classList.add('lost')
    } catch {
      // The command ended: what is shown is as old as its date says.
      document.documentElement.classList.add('lost')
    }
    setTimeout(() => void look(), pause)
  }
  setTimeout(() => void look(), pause)
}
