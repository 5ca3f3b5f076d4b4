import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a gateway; the built page is served by the gateway itself. */
const gateway = 'http://127.0.0.1:8080';

const source = (workspace: string) => new URL(`../services/${workspace}/src/index.ts`, import.meta.url).pathname;

export default defineConfig({
  plugins: [vue()],
  // Not by the condition "source": other publishers have it too, for files that are not meant for us.
  resolve: { alias: { '@starling/contract': source('contract'), '@starling/gossip': source('gossip'), '@starling/verification': source('verification') } },
  build: {
    target: 'es2022',
    // Everything stays a file of its own: inlined assets would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    // vis-network is one chunk that is only loaded with the graph.
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/v1': { target: gateway, ws: true } } },
});
