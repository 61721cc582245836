import { trimEnd } from '../model/trim-end.ts'
import { dirname, join } from 'node:path'
import { withoutByteOrderMark } from '../model/byte-order-mark.ts'
import { Failure } from '../model/failure.ts'
import { plainText } from './plain-text.ts'

const production = 'https://api.fluxloop.ai'
const staging = 'https://staging.api.fluxloop.ai'

/** The origins of the platform itself. Names that only end like them are other origins. */
const ownOrigins: readonly string[] = [production, staging]

const projectFolder = '.fluxloop'

export interface Endpoint {
  /** An https URL without a slash at its end, or `sandbox:` with or without a path. */
  readonly url: string
  /** What chose it, for people: `--api-url`, a file, `production`. */
  readonly source: string
  /** A file may come with a repository that somebody else wrote, so it does not say where credentials go. */
  readonly chosenBy: 'caller' | 'file'
}

export interface EndpointOptions {
  readonly apiUrl?: string | undefined
  readonly staging?: boolean | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute. */
  readonly cwd: string
  /** The user's home folder, whose `.fluxloop` belongs to no project; null where there is none. */
  readonly home: string | null
  readonly isFolder: (path: string) => Promise<boolean>
  /** Rejects with an error of the code `ENOENT` where there is no file, or with a Failure where it is not to be trusted. */
  readonly readFile: (path: string) => Promise<string>
}

/**
 * Which platform to call: --api-url, FLUXLOOP_API_URL, --staging, `api_url` in the project file, production. The platform's own
 * client lets the project file go before --staging; here no file overrides what the caller said. Fails with `usage` where what is
 * chosen cannot be called.
 */
export async function resolveEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const chosen = (url: string, source: string): Endpoint => ({ url, source, chosenBy: 'caller' })
  if (options.apiUrl !== undefined) return chosen(checkUrl(options.apiUrl, '--api-url'), '--api-url')
  const variable = options.env['FLUXLOOP_API_URL']?.trim() ?? ''
  if (variable !== '') return chosen(checkUrl(variable, 'FLUXLOOP_API_URL'), 'FLUXLOOP_API_URL')
  if (options.staging === true) return chosen(staging, '--staging')
  return (await projectUrl(options)) ?? chosen(production, 'production')
}

/** May every credential of the caller be sent there? One that was made for exactly this origin may be sent there anyway. */
export function takesAnyCredential({ url, chosenBy }: Endpoint): boolean {
  return chosenBy === 'caller' || ownOrigins.includes(originOf(url))
}

/** Why no credential was sent to an endpoint that only a file names. */
export function untrustedOrigin({ url, source }: Endpoint): Failure {
  const origin = originOf(url)
  // Hints are copied into shells, and the name of a host may hold what a shell acts on.
  const shown = /^https?:\/\/[\w.:[\]-]{1,253}$/.test(origin) ? origin : 'URL'
  return new Failure(
    'usage',
    `${source} names the platform ${plainText(origin, 300)}, and no credential is sent there`,
    {
      hints: [
        'Nothing was sent: a file, which may come with a repository, does not decide where credentials go.',
        `If you mean that platform, name it yourself with --api-url ${shown} or FLUXLOOP_API_URL.`,
        `Or log in to it once with \`fluxloop-keys auth login --api-url ${shown}\`.`,
      ],
    },
  )
}

/** Throws a usage `Failure` where a credential that was made for no origin in particular may not be sent to the endpoint. */
export function requireTrustedOrigin(endpoint: Endpoint): void {
  if (!takesAnyCredential(endpoint)) throw untrustedOrigin(endpoint)
}

/**
 * From the project file of the nearest `.fluxloop` folder above the working one; null where there is none, or it names no URL. As
 * in the platform's own client, the nearest folder decides, whether it has that file or not.
 */
async function projectUrl({ cwd, home, isFolder, readFile }: EndpointOptions): Promise<Endpoint | null> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const nearest = join(folder, projectFolder)
    if (folder !== home && (await isFolder(nearest)))
      return await urlIn(join(nearest, 'project.json'), readFile)
    if (dirname(folder) === folder) return null
  }
}

async function urlIn(path: string, readFile: EndpointOptions['readFile']): Promise<Endpoint | null> {
  const text = await readIfThere(path, readFile)
  const url = text === null ? null : apiUrlOf(text, path)
  if (url === null) return null
  if (url.trim().startsWith('sandbox:')) {
    throw new Failure('usage', `${path} names a sandbox as the platform, which only the caller can`, {
      hints: ['A sandbox makes files. If you mean it, name it yourself: --api-url sandbox:'],
    })
  }
  return { url: checkUrl(url, path), source: path, chosenBy: 'file' }
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
    content = JSON.parse(withoutByteOrderMark(text)) as unknown
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
export function checkUrl(text: string, source: string): string {
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
