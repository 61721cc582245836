/** What is wrong with a git URL; null where it may be fetched. Never repeats the URL, which may hold a password. */
export interface Refusal {
  readonly message: string
  readonly hint: string
}

const scheme = 'Write an https:// or ssh:// URL.'

const label = '[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})'
const port = '(?::[0-9]{1,5})?'
/** Nothing that a shell, ssh or git takes for anything but a part of a path. */
const path = '(?:/[A-Za-z0-9_.~+@=,-]{1,255}){1,50}/?'
const https = new RegExp(`^https://(?:${label}|\\[[0-9A-Fa-f:.]{2,45}\\])${port}${path}$`)
const ssh = new RegExp(
  `^ssh://(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}@)?(?:${label}|\\[[0-9A-Fa-f:.]{2,45}\\])${port}${path}$`,
)

/** Only https and ssh: every other transport of git reads local files, is not encrypted, or runs programs that the URL names. */
export function refuseGitUrl(url: string): Refusal | null {
  if (https.test(url) || ssh.test(url)) return null
  if (/^(?:https|ssh):\/\/[^/]*@/.test(url) && !/^ssh:\/\/[^/:@]*@[^/@]*(?:\/|$)/.test(url))
    return {
      message: 'The git URL holds a password or a user name',
      hint: 'Use ssh with a deploy key: ssh://git@HOST/PATH.',
    }
  const [, host, rest] = /^(git@[A-Za-z0-9.-]+):([A-Za-z0-9_.~/-]+)$/.exec(url) ?? []
  if (host !== undefined && rest !== undefined)
    return {
      message: 'The git URL has no scheme',
      hint: `Write ssh://${host}/${rest.replace(/^\/+/, '')}.`,
    }
  if (/^(?:https|ssh):\/\//.test(url))
    return {
      message: 'The git URL has a host or a path that is not supported',
      hint: 'It is https://HOST/PATH or ssh://USER@HOST/PATH, without a query, spaces and percent signs.',
    }
  return { message: 'The git URL is neither https nor ssh', hint: scheme }
}

/** A commit by its whole name. */
export function isCommit(revision: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(revision)
}

/** May it be the name of a branch, a tag or a commit? Nothing that git would read as an option, a range or an expression. */
export function isRevision(text: string): boolean {
  return (
    /^[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,249}$/.test(text) &&
    !/\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[./]$/.test(text) &&
    text !== '@'
  )
}
