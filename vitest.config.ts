import './test/house/node-version.ts'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { findChromium } from './test/browser/find-chromium.ts'
import { findBinaries } from './test/kubernetes/binaries.ts'
import { findKafkaJars } from './test/services/kafka-jars.ts'

const KUBERNETES = 'test/kubernetes/**/*.test.ts'
const withKubernetes = findBinaries() !== undefined
const SERVICES = ['test/services/**/*.test.ts', 'test/e2e/connect-walkthrough.test.ts']
const withServices = findKafkaJars() !== undefined
const BROWSER = 'test/browser/**/*.test.ts'
const withBrowser = findChromium() !== undefined

if (!withKubernetes)
  process.stderr.write(
    `left out: ${KUBERNETES}, for there is no kube-apiserver; npm run test:kubernetes builds one (KUBEBUILDER_ASSETS names others)\n`,
  )

if (!withServices)
  process.stderr.write(
    `left out: ${SERVICES.join(' and ')}, for there is no Kafka broker, or no java; npm run test:services brings one\n`,
  )

if (!withBrowser)
  process.stderr.write(
    `left out: ${BROWSER}, for there is no chromium; install the one of your system\n`,
  )

const config: ViteUserConfig = defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'headgate',
          include: ['**/*.test.ts'],
          // Those of examples run as their pages say.
          exclude: ['node_modules/**', 'dist/**', 'examples/**', KUBERNETES, BROWSER, ...SERVICES],
        },
      },
      ...(withKubernetes
        ? [
            {
              extends: true as const,
              test: {
                name: 'kubernetes',
                include: [KUBERNETES],
                globalSetup: ['test/kubernetes/set-up.ts'],
                // Beside everything else on few cores, a server of this size takes its time.
                testTimeout: 120_000,
              },
            },
          ]
        : []),
      ...(withServices
        ? [
            {
              extends: true as const,
              test: {
                name: 'services',
                include: SERVICES,
                globalSetup: ['test/services/set-up.ts'],
                // Beside everything else on few cores, a broker takes its time.
                testTimeout: 120_000,
                hookTimeout: 120_000,
              },
            },
          ]
        : []),
      ...(withBrowser
        ? [
            {
              extends: true as const,
              test: {
                name: 'browser',
                include: [BROWSER],
                // Beside everything else on few cores, a browser takes its time.
                testTimeout: 120_000,
              },
            },
          ]
        : []),
    ],
  },
})

export default config
