import { inflateRawSync } from 'node:zlib'
import { packedScript, packedStyle, scriptHash, styleHash } from './generated/assets.js'
import type { PageData } from './page-data.ts'
import { packData } from './packed.ts'
import { pageModel } from './page-model.ts'
import { pageView } from './page-view.ts'
import { renderToString } from './to-html.mjs'
import { initialState } from './view-state.ts'

/** JSON that no parser of HTML sees the end of. */
export function inertJson(value: object): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** What a page may load: nothing but itself. `isLive`: and its data anew, from the server that it came from. */
export function contentPolicy(isLive: boolean): string {
  return [
    "default-src 'none'",
    `script-src '${scriptHash}'`,
    `style-src '${styleHash}'`,
    ...(isLive ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function unpacked(base64: string): string {
  return inflateRawSync(Buffer.from(base64, 'base64')).toString('utf8')
}

/** One file that holds everything: data once, the first rows drawn, the script that draws the others. */
export function pageHtml(data: PageData, { isLive }: { readonly isLive: boolean }): string {
  const title = `FluxLoop API keys: ${data.stacks.map(({ stack }) => stack).join(', ')}`
  return [
    '<!doctype html>',
    `<html lang="en"${isLive ? ' data-live' : ''}>`,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${contentPolicy(isLive)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="robots" content="noindex">',
    '<meta name="generator" content="fluxloop-keys report">',
    `<title>${escaped(title)}</title>`,
    `<style>${unpacked(packedStyle)}</style>`,
    '</head>',
    '<body>',
    `<div id="page">${renderToString(pageView(pageModel(data), initialState, isLive))}</div>`,
    `<script type="application/json" id="data">${inertJson(packData(data))}</script>`,
    `<script>${unpacked(packedScript)}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}
