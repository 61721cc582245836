// A page as its reader has it: a file in Debian's Chromium.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import axe from 'axe-core'
import t, { type Test } from 'tap'
import { pageData } from '../../src/commands/report/read-sources.ts'
import { pageHtml } from '../../src/render/page/page-html.ts'
import type { PageSource } from '../../src/render/page/page-stack.ts'
import { type Browser, needsBrowser, openBrowser, ready } from '../support/browser.ts'
import { hostileText } from '../support/hostile-texts.ts'
import { whole } from '../support/whole.ts'
import {
  auditOf,
  driftOf,
  isoAt,
  pageFindingJson,
  pageKeyJson,
  planOf,
  worldOf,
} from '../support/page-world.ts'

async function fileOf(t: Pick<Test, 'teardown'>, ...sources: readonly PageSource[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fluxloop-keys-page-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'report.html')
  await writeFile(file, pageHtml(pageData(sources, { version: '1.2.3', personal: false }), { isLive: false }))
  return pathToFileURL(file).href
}

async function opened(url: string, options?: Parameters<Browser['open']>[0]) {
  const watched = await (await openBrowser()).open(options)
  await watched.page.goto(url)
  await ready(watched)
  return watched
}

const status = '.filters output'
const keyRows = '#keys tbody tr'

t.test('opens with 0, 10 and 5,000 keys by one request, without a complaint', async t => {
  if (!needsBrowser(t)) return
  for (const count of [0, 10, 5_000]) {
    const watched = await opened(await fileOf(t, worldOf(count)))
    const { page, requests, complaints, context } = watched
    t.equal(
      await page.locator(status).innerText(),
      `${count.toLocaleString('en')} of ${count.toLocaleString('en')} keys`,
    )
    t.equal(await page.locator(keyRows).count(), Math.min(100, count))
    t.equal(await page.locator('[style]').count(), 0, 'no style of its own, which the policy would block')
    t.strictSame(requests, [page.url()], `${count} keys: one request`)
    t.strictSame(complaints, [], `${count} keys`)
    await context.close()
  }
})

t.test('shows its first hundred rows without a script', async t => {
  if (!needsBrowser(t)) return
  const { page, context } = await (await openBrowser()).open({ javaScriptEnabled: false })
  await page.goto(await fileOf(t, worldOf(250)))
  t.equal(await page.locator(keyRows).count(), 100)
  t.match(await page.locator('h1').innerText(), 'Something is wrong')
  await context.close()
})

t.test('filters, sorts, pages and exports, and keeps it all in the address', async t => {
  if (!needsBrowser(t)) return
  const watched = await opened(await fileOf(t, worldOf(250)))
  const { page, context, complaints } = watched
  await page.selectOption('[data-filter=environment]', 'prod')
  await page.fill('#search', 'service')
  t.equal(await page.locator(status).innerText(), '62 of 250 keys')
  await page.click('[data-do="sort:key"]')
  t.match(page.url(), /#q=service&environment=prod&sort=key$/)
  const download = page.waitForEvent('download')
  await page.click('[data-do="export:keys:csv"]')
  const csv = await readFile(await (await download).path(), 'utf8')
  const lines = csv.trimEnd().split('\r\n')
  t.equal(lines.length, 63, 'the CSV equals the filter')
  t.ok(lines.slice(1).every(line => line.includes(',prod,')))
  const findings = page.waitForEvent('download')
  await page.click('[data-do="export:findings:json"]')
  const records = JSON.parse(await readFile(await (await findings).path(), 'utf8')) as { key: string }[]
  t.equal(records.length, 12)
  await page.reload()
  await ready(watched)
  t.equal(await page.locator(status).innerText(), '62 of 250 keys', 'a reload keeps the filter')
  t.equal(await page.inputValue('#search'), 'service')
  t.match(await page.locator(`${keyRows} th`).first().innerText(), 'service-00003')
  await page.click('[data-do="clear"]:has-text("Clear")')
  await page.click('.pager[aria-label="Pages of keys"] >> text=Last')
  t.equal(await page.locator(keyRows).count(), 50)
  await page.goBack()
  t.equal(await page.locator(keyRows).count(), 100, 'back goes back')
  await page.click('.tile:has-text("with drift")')
  t.equal(await page.locator(status).innerText(), '5 of 250 keys')
  t.match(await page.locator('#changes').innerText(), 'read_scenarios, manage_keys → read_scenarios')
  t.strictSame(complaints, [])
  await context.close()
})

t.test('opens a key to its story by the keyboard alone', async t => {
  if (!needsBrowser(t)) return
  const { page, context, complaints } = await opened(await fileOf(t, worldOf(12)))
  await page.keyboard.press('/')
  await page.keyboard.type('service-00005')
  t.equal(await page.locator(status).innerText(), '1 of 12 keys')
  const steps: string[] = []
  for (let step = 0; step < 60 && !steps.at(-1)?.startsWith('open:'); step++) {
    await page.keyboard.press('Tab')
    steps.push(await page.evaluate<string>("document.activeElement.dataset.do ?? ''"))
  }
  await page.keyboard.press('Enter')
  const story = await page.locator('.story').innerText()
  for (const part of [
    'Service 00005',
    'generation 3',
    'key_00005',
    'keychain fluxloop/acme-agents/service-00005',
    'keys/services.yaml:50',
  ])
    t.match(story, part)
  t.match(story, /Use\s+1,?\d+ requests in 30 days/)
  t.match(page.url(), /open=acme-agents%2Fservice-00005/)
  await page.keyboard.press('Enter')
  t.equal(await page.locator('.story').count(), 0, 'and closes it')
  t.strictSame(complaints, [])
  await context.close()
})

t.test('shows days in UTC whatever the locale, and the local time on hover', async t => {
  if (!needsBrowser(t)) return
  const { page, context } = await opened(await fileOf(t, worldOf(3)))
  const made = page.locator('footer time')
  t.equal(await made.innerText(), '2026-11-22 12:30 UTC')
  await made.hover()
  t.equal(await made.getAttribute('title'), '2026-11-22 12:30:00 UTC, 2026-11-22 13:30 +01:00 here')
  await context.close()
})

t.test('has no fault that axe finds, with a story open, in both themes and at both widths', async t => {
  if (!needsBrowser(t)) return
  // axe takes seconds for each hundred rows: in short, each theme and each width once.
  const url = await fileOf(t, worldOf(whole ? 100 : 8))
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of whole ? [1280, 390] : [colorScheme === 'light' ? 1280 : 390]) {
      const { page, context } = await opened(`${url}#open=acme-agents%2Fservice-00005`, {
        colorScheme,
        viewport: { width, height: 900 },
      })
      await page.evaluate(axe.source)
      const faults = await page.evaluate<readonly string[]>(
        'axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)))',
      )
      t.strictSame(faults, [], `${colorScheme}, ${width} pixels`)
      await context.close()
    }
})

t.test('fits 390 to 1,600 pixels, and A4', async t => {
  if (!needsBrowser(t)) return
  const url = await fileOf(t, worldOf(whole ? 100 : 30))
  const { page, context } = await opened(`${url}#open=acme-agents%2Fservice-00020`)
  for (const width of [390, 768, 1600]) {
    await page.setViewportSize({ width, height: 900 })
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${width} pixels`)
  }
  await page.emulateMedia({ media: 'print' })
  // What A4 leaves between its margins, at 96 points an inch.
  await page.setViewportSize({ width: 703, height: 1030 })
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), 703, 'A4')
  t.notOk(await page.locator('.filters').isVisible(), 'paper has nothing to click')
  await context.close()
})

t.test('shows every field of a platform that means harm, and does nothing that it asks', async t => {
  if (!needsBrowser(t)) return
  const attacks = [
    '</script><script>alert(1)</script>',
    '<img src=x onerror=alert(1)><svg onload=alert(1)>',
    '"><iframe src="https://evil.example/"></iframe>',
    "javascript:alert(1)//' onmouseover='alert(1)",
    '\u202egpj.exe\u202c \u2066x\u2069 \u0000\u001b[31m',
    '<!--<script>{{constructor.constructor("alert(1)")()}}',
    'x'.repeat(10_000),
    hostileText,
    '__proto__',
  ]
  const keys = attacks.map((attack, index) => {
    const [live] = pageKeyJson(index).live
    return pageKeyJson(index, {
      key: index % 2 === 0 ? attack : null,
      name: attack,
      description: attack,
      owner: attack,
      environment: attack,
      scope: [attack],
      permissions: [attack],
      position: { file: attack, line: 1, column: 1 },
      stores: [attack],
      live:
        live === undefined
          ? []
          : [{ ...live, id: attack, masked_key: attack, scope: [attack], permissions: [attack] }],
      use: { unseen: attack, by_day: { [attack]: 1 }, by_project: {}, permissions: { [attack]: 'used' } },
    })
  })
  const findings = attacks.map((attack, index) =>
    pageFindingJson(index, {
      key: index % 2 === 0 ? attack : null,
      id: attack,
      name: attack,
      rule: attack,
      message: attack,
      remedy: attack,
      position: { file: attack, line: 1, column: 1 },
    }),
  )
  const changes = attacks.map((attack, index) => ({
    ...driftOf(index),
    key: attack,
    reasons: [{ code: 'drift' as const, message: attack }],
    fields: [
      {
        field: 'name' as const,
        current: attack,
        desired: attack,
        cause: 'drift' as const,
        widens: true,
        narrows: false,
      },
    ],
  }))
  const audit = {
    ...auditOf(keys, findings),
    account: attacks[1] ?? '',
    stack: 'acme',
    not_looked_at: [{ why: attacks[0] ?? '', rules: attacks, ids: [] }],
  }
  const plan = {
    ...planOf(changes),
    findings: attacks.map(attack => ({
      severity: 'warning' as const,
      code: 'unproven' as const,
      message: attack,
      hint: attack,
    })),
  }
  const { page, context, acts, complaints, requests } = await opened(
    await fileOf(t, { audit, plan, calendar: null }),
  )
  const shown = await page.locator('#keys').innerText()
  t.match(shown, '</script><script>alert(1)</script>')
  t.match(shown, '\\u202egpj.exe')
  t.equal(
    await page
      .locator('#page script, #page img, #page iframe, #page a, #page [onmouseover], #page [onload]')
      .count(),
    0,
  )
  for (const button of await page.locator('#keys [data-do^="open:"]').all()) await button.click()
  t.equal(await page.locator('.story').count(), 1)
  for (const button of await page
    .locator('#owners [data-do^="filter:"]')
    .all()
    .then(all => all.slice(0, 1)))
    await button.click()
  t.equal(await page.locator(status).innerText(), `1 of ${attacks.length} keys`)
  await page.reload()
  t.notMatch(await page.locator('body').innerText(), /x{1000}/, 'what is too long is cut')
  t.strictSame({ acts, complaints }, { acts: [], complaints: [] })
  t.strictSame([...new Set(requests.map(request => request.split('#')[0]))].length, 1)
  await context.close()
})

t.test('takes a hash that means harm for no more than words', async t => {
  if (!needsBrowser(t)) return
  const url = await fileOf(t, worldOf(3))
  const { page, context, acts, complaints } = await opened(
    `${url}#q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&owner=%3Cb%3E&sort=__proto__&open=%3Cscript%3E`,
  )
  t.equal(await page.locator(status).innerText(), '0 of 3 keys')
  t.equal(await page.locator('#keys').getByText('No key fits the filter.').count(), 1)
  t.strictSame({ acts, complaints }, { acts: [], complaints: [] })
  await context.close()
})

t.test('shows several stacks next to each other', async t => {
  if (!needsBrowser(t)) return
  const other = worldOf(4)
  const { page, context } = await opened(
    await fileOf(t, worldOf(6), { ...other, audit: { ...other.audit, stack: 'acme-data', at: isoAt(0.01) } }),
  )
  t.equal(await page.locator(status).innerText(), '10 of 10 keys')
  await page.selectOption('[data-filter=stack]', 'acme-data')
  t.equal(await page.locator(status).innerText(), '4 of 10 keys')
  t.equal(await page.locator('.subjects li').count(), 2)
  await context.close()
})
