import { cut } from '../../../src/render/text/layout.ts'
import type { Notice } from './notice.ts'

/** Slack's own limits of a header and of a section; escapes count. Source: its reference of blocks. */
const longestHeader = 150
const longestSection = 3_000

/** The three characters that Slack gives a meaning. Source: its guide to formatting. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Escaped text of at most `longest` characters, cut before it is escaped, so that no escape is cut in two. */
function fitted(text: string, longest: number): string {
  let escaped = escapeSlack(text)
  for (let width = longest; escaped.length > longest; width = Math.floor(width * 0.8))
    escaped = escapeSlack(cut(text, width))
  return escaped
}

const marks = { info: 'Info', warning: 'Warning', critical: 'Critical' } as const

/** What an incoming webhook of Slack takes: blocks, and one line for where blocks are not shown. Plain text throughout: nothing links or mentions. */
export function slackMessage({ level, title, text, stack, account, platform, at }: Notice): object {
  const about = [`Stack ${stack}`, ...(account === null ? [] : [`account ${account}`]), platform, at].join(
    ' · ',
  )
  const plain = (value: string, longest: number) => ({
    type: 'plain_text',
    text: fitted(value, longest),
    emoji: false,
  })
  return {
    text: fitted(`${marks[level]}: ${title}`, longestSection),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: plain(`${marks[level]}: ${title}`, longestHeader) },
      ...(text === '' ? [] : [{ type: 'section', text: plain(text, longestSection) }]),
      { type: 'context', elements: [plain(about, longestSection)] },
    ],
  }
}
