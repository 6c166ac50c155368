// Builds the console into build/console: files that any static host serves, at any path (addresses in the app are hashes).
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react()],
  build: {
    outDir: '../build/console',
    emptyOutDir: true,
    target: 'es2023',
    // The content security policy takes scripts, styles and pictures from the site only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
