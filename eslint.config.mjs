import tseslint from "typescript-eslint";

/** Default exports are banned everywhere but in the files whose tool demands one. */
const noDefaultExport = {
  selector: "ExportDefaultDeclaration",
  message: "Use a named export: one name for one thing, in every file.",
};

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "drizzle/", ".attio-mirror/"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.mjs", "scripts/*.mjs"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "no-restricted-syntax": ["error", noDefaultExport],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
    },
  },
  {
    // Plain JavaScript: there are no types to check by.
    files: ["**/*.mjs"],
    ...tseslint.configs.disableTypeChecked,
  },
  {
    files: ["**/*.config.ts", "*.config.mjs", "scripts/*.mjs", "test/support/*-setup.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
);
