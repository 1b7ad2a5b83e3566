import { loraUpdateSizes, mergeLora } from "@haps/language-model";
import { readVariables } from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import { expect, it } from "vitest";
import { allProjections, smallLora, smallModel, smallShapes } from "../decoder/small-models.ts";

describeEachBackend("loraUpdateSizes", () => {
  it.each(Object.entries(smallShapes))("is the norm of the product beside that of the weight: %s", (_, shape) => {
    const model = smallModel(shape, 1);
    for (const [seed, projection] of allProjections.entries()) {
      const lora = smallLora(model, seed, { layers: [1], projections: [projection], rank: 3 });
      const [size] = loraUpdateSizes(model, [lora]);
      const { target, down, up } = lora.targets[0]!;
      let square = 0;
      for (let output = 0; output < target.out; output += 1) {
        for (let input = 0; input < target.in; input += 1) {
          let entry = 0;
          for (let index = 0; index < 3; index += 1)
            entry += up[output * 3 + index]! * down[index * target.in + input]!;
          square += (lora.scale * entry) ** 2;
        }
      }
      expectClose(size!.update, Math.sqrt(square), { rtol: 1e-10 });
      expect(size?.relative).toBe(size!.update / size!.weight);
      expect(size?.targets).toEqual([{ target, update: size?.update, weight: size?.weight, relative: size?.relative }]);
    }
    model.dispose();
  });

  it("takes the norm of what mergeLora changes, target by target and together", () => {
    const model = smallModel(smallShapes["qwen2 with biases and tied embeddings"]!, 2);
    const lora = smallLora(model, 3, {});
    const merged = mergeLora(model, lora);
    const [before, after] = [readVariables(model.variables), readVariables(merged.variables)];
    const norm = (values: Iterable<number>): number =>
      Math.sqrt([...values].reduce((sum, value) => sum + value ** 2, 0));
    const changes = [...before].flatMap(([name, { values }]) =>
      [...values].map((value, place) => (after.get(name)?.values[place] as number) - value),
    );
    // Every kernel is a target, as a whole or by its parts.
    const kernels = [...before].filter(([name]) => name.endsWith("/kernel"));
    const [size] = loraUpdateSizes(model, [lora]);
    expectClose(size!.update, norm(changes), { rtol: 1e-5 });
    expectClose(size!.weight, norm(kernels.flatMap(([, { values }]) => [...values])), { rtol: 1e-6 });
    expectClose(norm(size!.targets.map(({ update }) => update)), size!.update, { rtol: 1e-12 });
    for (const made of [model, merged]) made.dispose();
  });

  it("is 0 for weights that change nothing, and makes no tensors", () => {
    const model = smallModel(smallShapes["llama with grouped queries and scaled rotation"]!, 4);
    const lora = smallLora(model, 1);
    expectNoTensorLeak(() => {
      const idle = { ...lora, targets: lora.targets.map((entry) => ({ ...entry, up: entry.up.map(() => 0) })) };
      const sizes = loraUpdateSizes(model, [idle, { ...lora, scale: 0 }, { ...lora, targets: [] }]);
      expect(sizes.map(({ relative, update }) => [relative, update])).toEqual([
        [0, 0],
        [0, 0],
        [0, 0],
      ]);
      expect(loraUpdateSizes(model, [])).toEqual([]);
    });
    model.dispose();
  });

  it("refuses weights of another model", () => {
    const model = smallModel(smallShapes["llama with grouped queries and scaled rotation"]!, 5);
    const lora = smallLora(model, 1, { layers: [1], projections: ["o"] });
    const targets = lora.targets.map((entry) => ({ ...entry, target: { ...entry.target, layer: 7 } }));
    expect(() => loraUpdateSizes(model, [{ ...lora, targets }])).toThrow(expect.objectContaining({ code: "config" }));
    model.dispose();
  });
});
