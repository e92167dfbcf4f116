// One machine under pm2. Build the service, set the variables in .env beside package.json, and then:
//
//   pm2 start deploy/pm2/ecosystem.config.cjs
//   pm2 sendSignal SIGHUP bo-auth   # replaces the workers one by one: a new build, .env or certificate
//
// bo-auth forks its workers itself (WORKERS), so pm2 runs a single process in fork mode. In pm2's cluster mode WORKERS
// is ignored: each instance is then a service of its own, and each scrape of the metrics sees only one of them.
const path = require('node:path');

module.exports = {
  apps: [
    {
      name: 'bo-auth',
      cwd: path.join(__dirname, '..', '..'),
      script: 'dist/main.js',
      exec_mode: 'fork',
      instances: 1,
      node_args: '--max-semi-space-size=64',
      env: { NODE_ENV: 'production', WORKERS: '2' },
      // Only the main process gets the signal, and ends its workers in order.
      treekill: false,
      // Above SHUTDOWN_DELAY_MS + SHUTDOWN_DEADLINE_MS; pm2's own 1.6 s would cut requests off.
      kill_timeout: 30_000,
      // After a start that fails, waits longer each time.
      exp_backoff_restart_delay: 100,
    },
  ],
};
