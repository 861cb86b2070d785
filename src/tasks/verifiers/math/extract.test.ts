import { describe, expect, test } from "vitest";
import { extractAnswers } from "./extract.ts";

const r = String.raw;

describe("where the answer is", () => {
	test.each<[text: string, answers: string[]]>([
		// boxes
		[r`So $x=\boxed{5}$.`, ["5"]],
		[r`First \boxed{3}. Then we see that it is \boxed{7}.`, ["7"]],
		[r`$\boxed{\frac{1}{\sqrt{2}}}$`, [r`\frac{1}{\sqrt{2}}`]],
		[r`\boxed{\{1, 2\}}`, [r`\{1, 2\}`]],
		[r`\fbox{9}`, ["9"]],
		[r`\boxed 9, as we said`, ["9"]],
		[r`it is $\boxed{12`, ["12"]],
		[r`it is $\boxed{12$ as we saw`, ["12"]],
		[r`it is \boxed{}`, []],
		[r`\boxed{3}, no, it is \boxed{}`, []],
		[r`$\boxed{3}$ and $\boxed{5}$`, ["3, 5", "5"]],
		[r`\boxed{3}, \boxed{4} or \boxed{5}`, ["3, 4, 5", "5"]],
		[r`\boxed{3} apples and then \boxed{5}`, ["5"]],
		[r`\boxed{3}. And \boxed{5}`, ["5"]],
		[r`\boxed{\text{(C)}}`, [r`\text{(C)}`]],
		[r`\boxed{2} is one, but the final answer is $3$.`, ["3"]],
		[r`\boxed{2}. The final answer is obtained above.`, ["2"]],
		// thoughts and tags
		[r`<think>maybe \boxed{1}</think> It is \boxed{2}`, ["2"]],
		["<think>...</think><answer> 42 </answer>", ["42"]],
		["<answer>1</answer> hm <answer>2</answer>", ["2"]],
		// hashes
		["6 times 7\n#### 42", ["42"]],
		["#### 1,234\nThat is all.", ["1,234"]],
		// statements
		["The answer is 42.", ["42"]],
		["The final answer is: 42", ["42"]],
		["the answer is $x = 5$.", ["x = 5"]],
		[r`The answer is \(\frac{3}{4}\), since it must be.`, [r`\frac{3}{4}`]],
		["Answer: 3/4", ["3/4"]],
		["**Answer:** 3/4", ["3/4"]],
		["**Final Answer:** **12**", ["12"]],
		["Final Answer: The largest $n$ is 34.", ["34"]],
		["Final Answer: The final answer is $14$. I hope it is correct.", ["14"]],
		["The answer is $3$ and $5$.", ["3, 5"]],
		["The answer is 5 apples.", ["5 apples"]],
		["The answer is 8 of them.", ["8"]],
		["so there are 8 of them", ["8"]],
		["The answer is 12 square inches.", ["12 square inches"]],
		["The answer is Monday.", ["Monday"]],
		["The answer is $28$ percent.", [r`28\%`]],
		["The answer is (C).", ["(C)"]],
		["The answer is 4 4/9.", ["4 4/9"]],
		["The answer is 1,000.5 because of the rest", ["1,000.5"]],
		["The answer is 7. The answer is 8.", ["8"]],
		["Final Answer: She had started 3 hours before", ["3"]],
		["Answer $ 7 $", ["7"]],
		[r`Answer \( (3+4) \)`, ["(3+4)"]],
		["The answer is `7`.", ["7"]],
		["### Answer\n7", ["7"]],
		// no marker at all
		["Thus the point is (3, 4).", ["(3, 4)"]],
		["so we get x = -3.", ["-3"]],
		["The sum is 3 + 5 = 8", ["8"]],
		["Prix : 3,25 euros", ["3,25"]],
		["42", ["42"]],
		["1/2", ["1/2"]],
		["x^2+1", ["x^2+1"]],
		["We see $a=3$ and so there are 7 ways.", ["7 ways"]],
		["There are 7 ways, as $7$ shows: $2+5$", ["2+5"]],
		["so the error increases by 100%.", ["100%"]],
		["It cost $5 and then $6 more in total", ["6"]],
		["", []],
		["I do not know what to say about this problem, sorry about that.", []],
		["the code QX7K was on the very long parcel that we opened", []],
	])("%j", (text, answers) => {
		expect(extractAnswers(text)).toEqual(answers);
	});
});
