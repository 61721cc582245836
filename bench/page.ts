// `npm run bench:page`: how long a page of 5,000 keys takes to show its first rows, and to answer a filter, in Debian's chromium. See README.md.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { pageData } from '../src/commands/report/read-sources.ts'
import { pageHtml } from '../src/render/page/page-html.ts'
import { worldOf } from '../test/support/page-world.ts'
import { median } from './measure.ts'

const rounds = Number(process.argv[2] ?? 5)

interface Times {
  /** Milliseconds from the start of the navigation. */
  readonly paint: number
  readonly ready: number
  /** Milliseconds from the choice until the page is drawn anew. */
  readonly search: number
  readonly menu: number
  readonly sort: number
}

/** Until the next frame after an event, in the page itself. */
const timed = (act: string) => `new Promise(resolve => {
  const start = performance.now()
  ${act}
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)))
})`

const input = (name: string, value: string, event: string) =>
  `const field = document.querySelector('[data-filter=${name}]'); field.value = '${value}'; field.dispatchEvent(new Event('${event}', { bubbles: true }))`

async function measure(browser: Browser, url: string): Promise<Times> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(url)
  await page.waitForSelector('#page[data-ready]', { state: 'attached' })
  const paint = await page.evaluate<number>(
    "performance.getEntriesByName('first-contentful-paint')[0].startTime",
  )
  const ready = await page.evaluate<number>("performance.getEntriesByType('navigation')[0].domInteractive")
  const search = await page.evaluate<number>(timed(input('q', 'service-0123', 'input')))
  await page.evaluate(timed(input('q', '', 'input')))
  const menu = await page.evaluate<number>(timed(input('environment', 'prod', 'change')))
  const sort = await page.evaluate<number>(
    timed('document.querySelector(\'[data-do="sort:owner"]\').click()'),
  )
  await page.close()
  return { paint, ready, search, menu, sort }
}

const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-bench-'))
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
})
try {
  for (const count of [100, 5_000]) {
    const file = join(folder, `${count}.html`)
    const data = pageData([worldOf(count)], { version: '0.1.0', personal: false })
    await writeFile(file, pageHtml(data, { isLive: false }))
    const all: Times[] = []
    for (let round = 0; round < rounds; round++) all.push(await measure(browser, pathToFileURL(file).href))
    const of = (name: keyof Times) => `${name} ${median(all.map(each => each[name])).toFixed(0)} ms`
    const { size } = await stat(file)
    console.log(
      `${count.toLocaleString('en')} keys: ${(size / 1e6).toFixed(2)} MB, ${(['paint', 'ready', 'search', 'menu', 'sort'] as const).map(of).join(', ')}`,
    )
  }
} finally {
  await browser.close()
  await rm(folder, { recursive: true, force: true })
}
