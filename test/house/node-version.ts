/**
 * Stops a test run on a Node that Headgate does not run on, with what to do. Vitest itself would start there, and fail
 * in ways that say nothing.
 */
const MAJOR_MIN = 24

if (Number(process.versions.node.split('.')[0]) < MAJOR_MIN) {
  throw new Error(
    `Headgate needs Node ${MAJOR_MIN} or newer, and this is ${process.version}. The project brings its own: run ` +
      '"npm ci", then "npm test" or "npx vitest" (not ./node_modules/.bin/vitest). If it still says so, allow the ' +
      'install script of the package "node" and run "npm ci" again.',
  )
}
