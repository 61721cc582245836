import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type BrowserContextOptions, type Page, chromium } from 'playwright-core'
import t, { type Test } from 'tap'
import { needs, whichOf } from './needs.ts'

/** Debian's Chromium. The one that can show no window takes half the processor's time for all these tests. */
const browsers = ['chromium-headless-shell', 'chromium']

export function needsBrowser(t: Test): boolean {
  return needs(t, ...browsers)
}

export interface Browser {
  /** A window of its own: nothing of another one gets in. */
  open(options?: BrowserContextOptions): Promise<Watched>
}

/** A page, and everything that it did which a page must not do. */
export interface Watched {
  readonly page: Page
  readonly context: BrowserContext
  /** The addresses that it asked for. */
  readonly requests: string[]
  /** Errors, warnings and reports of the policy, from the console. */
  readonly complaints: string[]
  /** What a script of somebody else would have done: dialogues and new windows. */
  readonly acts: string[]
}

let begun: Promise<Browser> | null = null

/** The one browser of all tests of this process, which ends with them. */
export function openBrowser(): Promise<Browser> {
  return (begun ??= beginBrowser())
}

async function beginBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'fluxloop-keys-browser-'))
  const browser = await chromium.launch({
    executablePath: whichOf(browsers) ?? 'chromium',
    env: { PATH: process.env['PATH'] ?? '', HOME: profile, TMPDIR: profile },
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  })
  t.teardown(async () => {
    await browser.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  return {
    async open(options = {}) {
      const context = await browser.newContext({ timezoneId: 'Europe/Berlin', locale: 'de-DE', ...options })
      const page = await context.newPage()
      const watched: Watched = { page, context, requests: [], complaints: [], acts: [] }
      page.on('request', request => watched.requests.push(request.url()))
      page.on('console', message => {
        if (['error', 'warning'].includes(message.type())) watched.complaints.push(message.text())
      })
      page.on('pageerror', error => watched.complaints.push(error.message))
      page.on('dialog', dialog => {
        watched.acts.push(dialog.message())
        void dialog.dismiss()
      })
      context.on('page', opened => watched.acts.push(opened.url()))
      // As a text: the types of browsers are not part of the program.
      await page.addInitScript(
        'document.addEventListener("securitypolicyviolation", event => console.error("policy: " + event.violatedDirective + " " + event.blockedURI))',
      )
      return watched
    },
  }
}

/** Waits until the page's own script has taken over. */
export async function ready({ page }: Watched): Promise<void> {
  await page.waitForSelector('#page[data-ready]', { state: 'attached' })
}
