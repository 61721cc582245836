import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { withAbsolutePath } from '../../../src/stores/find-program.ts'

/** How git reaches a repository: `file` for tests alone, and only by code. */
export type Transports = 'https and ssh' | 'with file'

/**
 * Nothing that a repository holds, and nothing that this machine's git is set up with, starts a program, asks a question, or fetches from
 * elsewhere. Sources: the manual pages of git-config, git-fetch and gitattributes.
 */
const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.symlinks=false',
  'core.pager=cat',
  'core.askPass=',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  // What is larger goes through memory in pieces.
  'core.bigFileThreshold=1m',
  'credential.helper=',
  'filter.lfs.smudge=',
  'filter.lfs.process=',
  'filter.lfs.clean=',
  'filter.lfs.required=false',
  'protocol.allow=never',
  'protocol.https.allow=always',
  'protocol.ssh.allow=always',
  'protocol.version=2',
  'http.followRedirects=false',
  'http.sslVerify=true',
  // Whoever ends us at once leaves git behind, which gives up by itself then.
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=60',
  'fetch.recurseSubmodules=false',
  'submodule.recurse=false',
  'fetch.fsckObjects=true',
  'fetch.uriProtocols=',
  'transfer.bundleURI=false',
  // One pack, which is written to its end before anything of it is taken.
  'fetch.unpackLimit=1',
  'pack.threads=2',
  'gc.auto=0',
  'maintenance.auto=false',
  'safe.bareRepository=explicit',
]

export function gitSwitches(transports: Transports, certificates: string | null): readonly string[] {
  const more = [
    ...(transports === 'with file' ? ['protocol.file.allow=always'] : []),
    ...(certificates === null ? [] : [`http.sslCAInfo=${certificates}`]),
  ]
  return ['--no-pager', '--no-replace-objects', ...[...settings, ...more].flatMap(each => ['-c', each])]
}

/** How this machine reaches others, and its agent of ssh keys. */
const kept = [
  'PATH',
  'USER',
  'LOGNAME',
  'SSH_AUTH_SOCK',
  'https_proxy',
  'HTTPS_PROXY',
  'all_proxy',
  'ALL_PROXY',
  'no_proxy',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]

const ssh =
  'ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oForwardAgent=no -oForwardX11=no -oClearAllForwardings=yes -oPermitLocalCommand=no -oConnectTimeout=15 -oServerAliveInterval=15'

/** `home`: an empty folder. */
export function gitEnvironment(
  env: NodeJS.ProcessEnv,
  home: string,
  transports: Transports,
): NodeJS.ProcessEnv {
  return {
    ...withAbsolutePath(Object.fromEntries(kept.flatMap(name => (name in env ? [[name, env[name]]] : [])))),
    HOME: home,
    XDG_CONFIG_HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_SSH_COMMAND: ssh,
    GIT_SSH_VARIANT: 'ssh',
    // Beats every other word about protocols.
    GIT_ALLOW_PROTOCOL: transports === 'with file' ? 'https:ssh:file' : 'https:ssh',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CEILING_DIRECTORIES: home,
    GIT_ADVICE: '0',
  }
}

/**
 * The file of certificates for git, where the environment has some of its own for Node (NODE_EXTRA_CA_CERTS): git would take those alone,
 * so the usual ones stand there as well. Null where it has none.
 */
export async function certificatesFor(env: NodeJS.ProcessEnv, folder: string): Promise<string | null> {
  const extra = env['NODE_EXTRA_CA_CERTS']
  if (extra === undefined || extra === '') return null
  const own = await readFile(extra, 'utf8').catch(() => null)
  if (own === null) return null
  const file = join(folder, 'certificates.pem')
  await writeFile(file, [...rootCertificates, own].join('\n'))
  return file
}
