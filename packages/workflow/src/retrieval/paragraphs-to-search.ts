import { HapsError, type Paragraph, type Question } from "@haps/spec";
import { questionParagraphs } from "../question-paragraphs.ts";

/** The paragraphs of a question that is to be searched. @throws HapsError code `data` where there are none. */
export function paragraphsToSearch(question: Question, titles: "keep" | "drop"): readonly Paragraph[] {
  const paragraphs = questionParagraphs(question, { titles });
  if (paragraphs.length > 0) return paragraphs;
  const message = `retriever: question ${JSON.stringify(question.id)} has no context documents; give it some to search`;
  throw new HapsError("data", message, { question: question.id });
}
