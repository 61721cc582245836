/**
 * Variables that programs obey, by what they do. A secret under such a name breaks whatever reads the file or the job that gets
 * it, or makes it run or trust something else, so no store may write one. Capitals do not count: zsh ties `path` to PATH,
 * and on Windows names have no capitals.
 */
const reserved: readonly (readonly [why: string, names: string])[] = [
  ['says where programs are found', 'PATH PATHEXT CDPATH FPATH MANPATH INFOPATH PSMODULEPATH COMSPEC'],
  [
    'is code or a file that a shell runs',
    'ENV BASH_ENV BASH_FUNC_* PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 ZDOTDIR INPUTRC',
  ],
  ['changes how a shell reads what it runs', 'IFS SHELL SHELLOPTS BASHOPTS GLOBIGNORE POSIXLY_CORRECT'],
  [
    'says where the files of the user are',
    'HOME USERPROFILE HOMEDRIVE HOMEPATH APPDATA LOCALAPPDATA XDG_* CURL_HOME',
  ],
  ['says who the user is', 'USER USERNAME LOGNAME UID EUID GID'],
  ['says where programs put their files', 'PWD OLDPWD TMPDIR TMP TEMP TERMINFO TERMCAP'],
  ['loads code into every program', 'LD_* DYLD_* GCONV_PATH LOCPATH NLSPATH GLIBC_TUNABLES MALLOC_* _RLD_*'],
  [
    'is code or options that Node and its tools run',
    'NODE_OPTIONS NODE_PATH NODE_REPL_* NODE_ICU_DATA NODE_V8_COVERAGE NODE_PENDING_DEPRECATION NPM_CONFIG_* YARN_RC_FILENAME YARN_YARN_PATH COREPACK_*',
  ],
  [
    'is code or options that Python and its tools run',
    'PYTHONSTARTUP PYTHONPATH PYTHONHOME PYTHONINSPECT PYTHONBREAKPOINT PYTHONUSERBASE PYTHONWARNINGS PYTHONEXECUTABLE PIP_* UV_* VIRTUAL_ENV',
  ],
  ['is code or options that Perl runs', 'PERL5OPT PERL5LIB PERL5DB PERLLIB PERL_MB_OPT PERL_MM_OPT'],
  ['is code or options that Ruby and its tools run', 'RUBYOPT RUBYLIB RUBYSHELL GEM_HOME GEM_PATH BUNDLE_*'],
  [
    'is code or options that a Java machine runs',
    'JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS JAVA_HOME CLASSPATH MAVEN_OPTS MAVEN_ARGS GRADLE_OPTS GRADLE_USER_HOME SBT_OPTS',
  ],
  [
    'is code or options that .NET runs',
    'DOTNET_STARTUP_HOOKS DOTNET_ROOT CORECLR_* COR_PROFILER* COR_ENABLE_PROFILING COMPLUS_* MSBUILD*',
  ],
  ['is code or options that PHP or Lua runs', 'PHPRC PHP_INI_SCAN_DIR LUA_INIT* LUA_PATH* LUA_CPATH*'],
  [
    'is a program or options that a compiler or build runs',
    'CC CXX CPP CFLAGS CXXFLAGS CPPFLAGS LDFLAGS MAKEFLAGS GNUMAKEFLAGS MFLAGS GOFLAGS GOPATH GOROOT GOPROXY GOENV CARGO_HOME RUSTC RUSTC_WRAPPER RUSTFLAGS RUSTUP_HOME CMAKE_TOOLCHAIN_FILE',
  ],
  ['is a program, options or identity of git', 'GIT_*'],
  ['is a program or connection of SSH', 'SSH_* SUDO_ASKPASS SUDO_EDITOR'],
  [
    'names a program that others start',
    'EDITOR VISUAL FCEDIT PAGER MANPAGER BROWSER LESS LESSOPEN LESSCLOSE TERM_PROGRAM',
  ],
  ['leads connections through another machine', 'HTTP_PROXY HTTPS_PROXY ALL_PROXY FTP_PROXY NO_PROXY'],
  [
    'says which certificates are trusted',
    'NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES SSLKEYLOGFILE AWS_CA_BUNDLE',
  ],
  [
    'says which machine or cluster tools talk to',
    'DOCKER_HOST DOCKER_CONFIG DOCKER_CONTEXT KUBECONFIG VAULT_ADDR FLUXLOOP_API_URL',
  ],
  [
    'belongs to the CI runner',
    'GITHUB_* RUNNER_TEMP RUNNER_TOOL_CACHE RUNNER_WORKSPACE RUNNER_OS RUNNER_ARCH RUNNER_NAME ACTIONS_* GITLAB_CI GITLAB_FEATURES GITLAB_USER_* CI_JOB_* CI_COMMIT_* CI_SERVER* CI_REGISTRY* CI_DEBUG_* CI_PROJECT_* CI_RUNNER_*',
  ],
]

interface Reserved {
  readonly why: string
  readonly names: ReadonlySet<string>
  /** What names begin with. */
  readonly beginnings: readonly string[]
}

const groups = reserved.map(([why, text]): Reserved => {
  const names = text.split(' ')
  const beginnings = names.filter(name => name.endsWith('*')).map(name => name.slice(0, -1))
  return { why, names: new Set(names), beginnings }
})

/** What programs do with a variable of this name, as in "PATH says where programs are found"; null where they do nothing with it. */
export function whyReserved(name: string): string | null {
  if (!/^\w+$/.test(name)) return null
  const upper = name.toUpperCase()
  const isIn = ({ names, beginnings }: Reserved) =>
    names.has(upper) || beginnings.some(beginning => upper.startsWith(beginning))
  return groups.find(isIn)?.why ?? null
}
