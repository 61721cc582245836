import { trimEnd } from '../model/trim-end.ts'
import { dirname, join } from 'node:path'
import { Failure } from '../model/failure.ts'
import { plainText } from './plain-text.ts'

const production = 'https://api.fluxloop.ai'
const staging = 'https://staging.api.fluxloop.ai'
const projectFile = join('.fluxloop', 'project.json')

export interface Endpoint {
  /** An https URL without a slash at its end, or `sandbox:` with or without a path. */
  readonly url: string
  /** What chose it, for people: `--api-url`, a file, `production`. */
  readonly source: string
}

export interface EndpointOptions {
  readonly apiUrl?: string | undefined
  readonly staging?: boolean | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute. */
  readonly cwd: string
  /** Rejects with an error of the code `ENOENT` where there is no file, or with a Failure where it is not to be trusted. */
  readonly readFile: (path: string) => Promise<string>
}

/**
 * Which platform to call, in the order of the platform's own client: --api-url, FLUXLOOP_API_URL, `api_url` in the nearest
 * .fluxloop/project.json, --staging, production. Fails with `usage` where what is chosen cannot be called.
 */
export async function resolveEndpoint(options: EndpointOptions): Promise<Endpoint> {
  if (options.apiUrl !== undefined) return { url: checkUrl(options.apiUrl, '--api-url'), source: '--api-url' }
  const variable = options.env['FLUXLOOP_API_URL']?.trim() ?? ''
  if (variable !== '') return { url: checkUrl(variable, 'FLUXLOOP_API_URL'), source: 'FLUXLOOP_API_URL' }
  const project = await projectUrl(options.cwd, options.readFile)
  if (project !== null) return project
  return options.staging === true
    ? { url: staging, source: '--staging' }
    : { url: production, source: 'production' }
}

/** From the nearest project file; null where there is none, or it names no URL. */
async function projectUrl(cwd: string, readFile: EndpointOptions['readFile']): Promise<Endpoint | null> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, projectFile)
    const text = await readIfThere(path, readFile)
    if (text !== null) {
      const url = apiUrlOf(text, path)
      return url === null ? null : { url: checkUrl(url, path), source: path }
    }
    if (dirname(folder) === folder) return null
  }
}

async function readIfThere(path: string, readFile: EndpointOptions['readFile']): Promise<string | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Failure) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new Failure('usage', `${path} cannot be read (${code})`, {
      hints: ['Make it readable, or name the platform with --api-url.'],
    })
  }
}

function apiUrlOf(text: string, path: string): string | null {
  let content: unknown
  try {
    content = JSON.parse(text) as unknown
  } catch {
    throw new Failure('usage', `${path} is not valid JSON`, {
      hints: ['Repair it, or name the platform with --api-url.'],
    })
  }
  if (typeof content !== 'object' || content === null || !('api_url' in content)) return null
  const url = content.api_url
  if (url === null || url === '') return null
  if (typeof url !== 'string') throw new Failure('usage', `\`api_url\` in ${path} is not text`)
  return url
}

/** Where an API lives, without what leads into it. A sandbox is its database. */
export function originOf(url: string): string {
  return url.startsWith('sandbox:') ? url : new URL(url).origin
}

/** This machine itself. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** The URL as it is used. Its text is not shown before it is known to hold no password. */
function checkUrl(text: string, source: string): string {
  const trimmed = text.trim()
  if (trimmed.startsWith('sandbox:')) return trimmed
  const refuse = (why: string, ...hints: readonly string[]) =>
    new Failure('usage', `The API URL from ${source} ${why}`, {
      hints: [...hints, `It looks like ${production}, or sandbox: to try things out.`],
    })
  if (!URL.canParse(trimmed)) throw refuse('is not a URL')
  const url = new URL(trimmed)
  if (url.username !== '' || url.password !== '') {
    throw refuse('holds a user name or password', 'The credential comes from FLUXLOOP_API_KEY.')
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw refuse(
      url.protocol === 'http:'
        ? `is not encrypted: ${plainText(url.origin, 300)}`
        : `has a protocol other than https: ${plainText(url.protocol, 50)}`,
      'Only https is allowed, and http for this machine itself (localhost).',
    )
  }
  if (url.search !== '' || url.hash !== '')
    throw refuse('has a query or a fragment, which belong to no base URL')
  return trimEnd(`${url.origin}${url.pathname}`, '/')
}
