/** The flags that every kubectl command takes (1.14). Data. */
import { flagTable } from './flags.ts';

export const globalFlags = flagTable(`
  alsologtostderr bool log to standard error as well as files
  as string Username to impersonate for the operation
  as-group array Group to impersonate for the operation, this flag can be repeated to specify multiple groups.
  cache-dir string Default HTTP cache directory
  certificate-authority string Path to a cert file for the certificate authority
  client-certificate string Path to a client certificate file for TLS
  client-key string Path to a client key file for TLS
  cluster string The name of the kubeconfig cluster to use
  context string The name of the kubeconfig context to use
  insecure-skip-tls-verify bool If true, the server's certificate will not be checked for validity. This will make your HTTPS connections insecure
  kubeconfig string Path to the kubeconfig file to use for CLI requests.
  log-backtrace-at string=:0 when logging hits line file:N, emit a stack trace
  log-dir string If non-empty, write log files in this directory
  log-file string If non-empty, use this log file
  log-flush-frequency duration=5s Maximum number of seconds between log flushes
  logtostderr bool=true log to standard error instead of files
  match-server-version bool Require server version to match client version
  namespace,n string If present, the namespace scope for this CLI request
  password string Password for basic authentication to the API server
  profile string=none Name of profile to capture. One of (none|cpu|heap|goroutine|threadcreate|block|mutex)
  profile-output string=profile.pprof Name of the file to write the profile to
  request-timeout string=0 The length of time to wait before giving up on a single server request. Non-zero values should contain a corresponding time unit (e.g. 1s, 2m, 3h). A value of zero means don't timeout requests.
  server,s string The address and port of the Kubernetes API server
  skip-headers bool If true, avoid header prefixes in the log messages
  stderrthreshold int=2 logs at or above this threshold go to stderr
  token string Bearer token for authentication to the API server
  user string The name of the kubeconfig user to use
  username string Username for basic authentication to the API server
  v,v int=0 log level for V logs
  vmodule string comma-separated list of pattern=N settings for file-filtered logging
`);
