// The part of the page that is about a fleet: as text, and in Debian's Chromium.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import axe from 'axe-core'
import t from 'tap'
import { pageData } from '../../src/commands/report/read-sources.ts'
import type { FleetStatus } from '../../src/model/fleet-status.ts'
import { headlineOf } from '../../src/render/page/headline.ts'
import { pageHtml } from '../../src/render/page/page-html.ts'
import { pageModel } from '../../src/render/page/page-model.ts'
import { needsBrowser, openBrowser, ready } from '../support/browser.ts'
import { sampleNow, sampleStack, sampleStatus, statusOf } from '../support/fleet-status.ts'
import { hostileText } from '../support/hostile-texts.ts'
import { worldOf } from '../support/page-world.ts'

const dataOf = (fleet: FleetStatus | null, personal = false) =>
  pageData([worldOf(3)], { version: '1.2.3', personal, fleet })
const htmlOf = (fleet: FleetStatus | null) => pageHtml(dataOf(fleet), { isLive: true })

t.test('shows the stacks, the worst first, what comes next, and the budgets', async t => {
  const html = htmlOf(sampleStatus)
  const names = [...html.matchAll(/<th scope="row"><bdi>([^<]*)<\/bdi><\/th><td><span class="badge/g)]
  t.strictSame(
    names.map(([, name]) => name),
    sampleStatus.stacks.map(({ name }) => name),
  )
  t.match(html, '4 stacks, 1 failing, 1 drifted, 1 new, 1 in sync.')
  t.match(html, 'Cannot reach https://api.fluxloop.ai: the name of its host was not found')
  t.match(html, '3 runs in a row failed')
  t.match(html, 'now, by <bdi>apply on build-3</bdi>')
  t.match(
    html,
    '<bdi>acme</bdi>: 512 of 1,000<small> used in the last hour: heal 2, rotate 14, plan 40</small>',
  )
})

t.test('is not on a page that is about no fleet', async t => {
  t.notMatch(htmlOf(null), /id="fleet"|jump:fleet/)
  t.notOk('fleet' in dataOf(null))
})

t.test('says at the top how many stacks fail', async t => {
  const { level, reasons } = headlineOf(pageModel(dataOf(sampleStatus)))
  t.equal(level, 'bad')
  t.ok(reasons.includes('1 failing stack in the fleet.'))
  t.ok(reasons.includes('1 drifted stack in the fleet.'))
})

t.test('stays small with 1,000 stacks: the worst 100, and the next 10 events', async t => {
  const stacks = Array.from({ length: 1_000 }, (_, index) =>
    sampleStack(`stack-${index}`, 'in-sync', { nextEvent: { event: 'rotation', at: sampleNow + index } }),
  )
  const { fleet } = dataOf(statusOf(...stacks.toReversed()))
  t.equal(fleet?.stacks.length, 100)
  t.strictSame(
    fleet?.soon.map(({ name }) => name),
    Array.from({ length: 10 }, (_, index) => `stack-${index}`),
  )
  t.match(htmlOf(statusOf(...stacks)), '1,000 stacks, 1,000 in sync. The worst 100 are listed.')
})

t.test('shows no person, address or secret, and nothing of it is markup', async t => {
  const odd = `<img src=x onerror=alert(1)></script> ${hostileText} jo@example.com 203.0.113.7 flux_ci_SENTINEL0123456789`
  const holder = { command: odd, host: odd, since: 0 }
  const more = { problem: odd, nextEvent: { event: odd, at: sampleNow }, holder }
  const status = statusOf(sampleStack(odd, 'failing', more))
  const html = htmlOf({
    ...status,
    credentials: status.credentials.map(each => ({ ...each, account: odd })),
  })
  t.notMatch(html, /<img|jo@example|203\.0\.113\.7|SENTINEL/)
  t.equal(html.match(/<\/script>/g)?.length, 2)
})

t.test('reads well for axe, a keyboard, a narrow window and paper', async t => {
  if (!needsBrowser(t)) return
  const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-page-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'page.html')
  await writeFile(file, pageHtml(dataOf(sampleStatus), { isLive: false }))
  const watched = await (await openBrowser()).open({ colorScheme: 'dark' })
  t.teardown(() => watched.context.close())
  const { page, complaints } = watched
  await page.goto(pathToFileURL(file).href)
  await ready(watched)
  await page.evaluate(axe.source)
  const faults = await page.evaluate<readonly string[]>(
    'axe.run("#fleet").then(({ violations }) => violations.map(({ id, nodes }) => id + nodes[0].html))',
  )
  t.strictSame(faults, [])
  await page.focus('[data-do="jump:fleet"]')
  await page.keyboard.press('Enter')
  t.equal(await page.evaluate('document.activeElement.id'), 'fleet-title')
  await page.keyboard.press('Tab')
  t.equal(
    await page.evaluate('document.activeElement.getAttribute("aria-label")'),
    'Table: Stacks of the fleet',
  )
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${width} pixels`)
  }
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: 718, height: 1_000 })
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), 718)
  t.equal(await page.locator('#fleet tbody tr').count(), 4)
  t.strictSame(complaints, [])
})
