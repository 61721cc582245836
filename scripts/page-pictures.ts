// Takes the pictures of a page for README and docs, in both themes and at both widths: `npm run pictures`. It needs Debian's chromium.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { pageData } from '../src/commands/report/read-sources.ts'
import { pageHtml } from '../src/render/page/page-html.ts'
import { worldOf } from '../test/support/page-world.ts'

const pictures = fileURLToPath(new URL('../docs/pictures/', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-pictures-'))
const file = join(folder, 'report.html')

await writeFile(
  file,
  pageHtml(pageData([worldOf(100)], { version: '0.1.0', personal: false }), { isLive: false }),
)
await mkdir(pictures, { recursive: true })
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
})
try {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const [width, height] of [
      [1280, 1000],
      [390, 800],
    ] as const) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme })
      await page.goto(pathToFileURL(file).href)
      await page.waitForSelector('#page[data-ready]', { state: 'attached' })
      await page.screenshot({ path: join(pictures, `report-${width}-${colorScheme}.png`) })
      await page.close()
    }
} finally {
  await browser.close()
  await rm(folder, { recursive: true, force: true })
}
