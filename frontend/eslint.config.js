// Imports go in one direction: app → features → (payment, ui) → (api, i18n, money). No feature imports another.
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";

const FEATURES = ["checkout", "console"];

const zone = (files, ...forbidden) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: forbidden.map((name) => ({ regex: `(^|/)${name}(/|$)`, message: "This points outward; see eslint.config.js." })) },
    ],
  },
});

export default defineConfig(
  { ignores: ["dist", "node_modules", "src/api/schema.ts"] },
  ts.configs.strictTypeChecked,
  hooks.configs.flat["recommended-latest"],
  a11y.flatConfigs.strict,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] } } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "max-lines": ["error", { max: 250 }],
      "max-lines-per-function": ["error", { max: 90, skipBlankLines: true, skipComments: true }],
      "no-console": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  zone(["src/money/**", "src/i18n/**", "src/api/**"], "ui", "payment", "features", "app"),
  zone(["src/ui/**"], "payment", "features", "app"),
  zone(["src/payment/**"], "features", "app"),
  ...FEATURES.map((name) => zone([`src/features/${name}/**`], "app", ...FEATURES.filter((other) => other !== name))),
  { files: ["*.js"], extends: [ts.configs.disableTypeChecked] },
);
