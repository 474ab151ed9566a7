"""The table behind the chooser: questions, rules with their measured reasons, and answers that do not go together.

Numbers in braces are read from the shipped files when a reason is shown (`helpers.evidence.fill`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

FAMILIES = {
    "GAN": "two players; one pass draws",
    "VAE": "compresses, and draws from a filled latent space",
    "Transformer": "writes token after token",
    "denoiser": "diffusion or flow matching: noise to example in many small steps",
    "pretrained": "a large model that others trained, used as it is or adapted",
    "baseline": "a classical method: count, measure distances, fit a Gaussian",
}
FAST = "1,000 a second on a CPU"
AT_ONCE = "no, it must work at once"
OUT = -6
QUESTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "task": ("What should come out?", ("new examples", "an answer to an input", "a score")),
    "data": ("What is the data?", ("pictures", "text", "table", "molecules", "sound")),
    "amount": ("How many examples?", ("up to 1,000", "1,000 to 100,000", "over 100,000")),
    "likelihood": ("The probability of an example?", ("not needed", "a bound", "exact")),
    "control": ("How will you steer?", ("not at all", "in a latent space", "by labels or words")),
    "speed": ("How fast must it draw?", ("does not matter", FAST)),
    "stability": ("May a training fail?", ("yes, I repeat it", AT_ONCE)),
    "labels": ("What comes with it?", ("nothing", "labels or captions", "pairs", "two unpaired sets")),
    "compute": ("What can you train on?", ("nothing", "a laptop", "a GPU or more")),
    "pretrained": ("A pretrained model for it?", ("yes", "no")),
}


@dataclass(frozen=True)
class Rule:
    """If the question is answered so, this speaks for (weight above 0) or against a family; OUT rules it out."""

    question: str
    answer: str
    family: str
    weight: int
    reason: str
    lesson: str


@dataclass(frozen=True)
class Conflict:
    """Answers that do not go together, and the way out."""

    answers: Mapping[str, str]
    sentence: str


# fmt: off
RULES = (
    Rule("task", "new examples", "baseline", -2,
         "Counting does not carry far: 51 % of a trigram's sentences parse, {gpt grammatical_at_1.0 %} of a GPT's.",
         "34_gpt"),
    Rule("task", "an answer to an input", "Transformer", +2,
         "An encoder-decoder translates {translator exact_plain_greedy %} of unseen sentences right to the letter.",
         "33_encoder_decoder"),
    Rule("task", "an answer to an input", "VAE", -3,
         "Its space is narrow: {molecule_vae reconstructed %} of molecules come back as they went in.",
         "24_drug_discovery"),
    Rule("task", "a score", "baseline", +3,
         "The 5th nearest neighbour found strange digits with AUROC 0.979 ± 0.023, the VAE with 0.927 ± 0.037.",
         "23_anomaly_detection"),
    Rule("task", "a score", "VAE", +1,
         "Its squared error scores (AUROC 0.927 ± 0.037) and is cheap to compute; PCA reached 0.811.",
         "23_anomaly_detection"),
    Rule("task", "a score", "GAN", -3,
         "A detector is 94 % right on the generator that it knows, 50 % on one that it never saw.", "12_images"),
    Rule("data", "pictures", "GAN", +2,
         "Its digits are {digit_gan frechet_over_floor} times as far from real ones as real ones are.", "12_images"),
    Rule("data", "pictures", "denoiser", +2,
         "It has no opponent: on lesson 11's ring it found 8 of 8 modes on 5 of 5 seeds with Adam's defaults.",
         "42_choosing"),
    Rule("data", "pictures", "VAE", +1,
         "After two minutes {race vae good %} of its digits are good, of the GAN's {race gan good %}; it leaves out "
         "more.",
         "41_comparison"),
    Rule("data", "text", "Transformer", +3,
         "{gpt grammatical_at_1.0 %} of the sentences that a GPT writes parse, no story copied.", "34_gpt"),
    Rule("data", "text", "GAN", -3,
         "Its teacher is a slope, and a choice of one of 256 codes has none without a trick.", "38_image_tokens"),
    Rule("data", "text", "pretrained", +1,
         "Reading first, answering later: {reader exact_match %} of questions answered to the letter.", "35_bert"),
    Rule("data", "table", "baseline", +3,
         "On the breast-cancer table a one-class SVM (0.960) was ahead of the VAE (0.950).", "23_anomaly_detection"),
    Rule("data", "table", "VAE", +1,
         "It takes a row of numbers as it is, and comes close (0.950 against 0.960).", "23_anomaly_detection"),
    Rule("data", "molecules", "VAE", +2,
         "{molecule_vae validity %} valid, {molecule_vae novelty %} new, and its space can be searched.",
         "24_drug_discovery"),
    Rule("data", "molecules", "Transformer", +1,
         "A string is a sequence (not tried on molecules here): {gpt nats_per_token} nats per token on stories.",
         "34_gpt"),
    Rule("data", "molecules", "GAN", -2,
         "A string is made of choices, and the gradient of a choice is 0 without a trick.", "38_image_tokens"),
    Rule("data", "sound", "Transformer", +2,
         "Word error rate {listener unseen %} on unseen voices, where the nearest word gets 24.7 % wrong.",
         "37_speech"),
    Rule("data", "sound", "pretrained", +1,
         "Trained on few kinds of voices, ours gets {listener children %} of words wrong on children-like ones.",
         "37_speech"),
    Rule("amount", "up to 1,000", "pretrained", +3,
         "150 steps of fine-tuning answer 78.5 ± 5.9 % after pretraining, 53.8 ± 2.6 % without.", "35_bert"),
    Rule("amount", "up to 1,000", "baseline", +2,
         "With the few hundred rows of the breast-cancer table a one-class SVM did best (0.960).",
         "23_anomaly_detection"),
    Rule("amount", "up to 1,000", "GAN", -2,
         "With 1,000 pictures it ends {few gan fd_over_floor} floors from real ones, with all at "
         "{race gan fd_over_floor}.", "41_comparison"),
    Rule("amount", "up to 1,000", "VAE", -1,
         "With 1,000 pictures it ends {few vae fd_over_floor} floors from real ones, with all at "
         "{race vae fd_over_floor}.", "41_comparison"),
    Rule("amount", "up to 1,000", "Transformer", -1,
         "With 1,000 pictures it ends {few transformer fd_over_floor} floors from real ones, with all at "
         "{race transformer fd_over_floor}.", "41_comparison"),
    Rule("likelihood", "exact", "Transformer", +3,
         "Probabilities multiply: exactly {gpt nats_per_token} nats per token.", "34_gpt"),
    Rule("likelihood", "exact", "GAN", OUT,
         "It has no probability at all: the column of the race stays empty for its 3 seeds.", "41_comparison"),
    Rule("likelihood", "exact", "VAE", OUT,
         "It gives a bound, at most {race vae nats} nats per picture, not the number itself.", "41_comparison"),
    Rule("likelihood", "exact", "denoiser", -3,
         "Its probability is an integral along all of its 20 steps, which this course does not compute.",
         "42_choosing"),
    Rule("likelihood", "exact", "baseline", +1,
         "Counts have one as well: a trigram pays 1.41 nats a token, where the GPT pays {gpt nats_per_token}.",
         "34_gpt"),
    Rule("likelihood", "a bound", "VAE", +3,
         "The ELBO is what it trains: at most {race vae nats} nats per picture.", "41_comparison"),
    Rule("likelihood", "a bound", "Transformer", +2,
         "An exact number, {race transformer nats} nats per picture, is also a bound.", "41_comparison"),
    Rule("likelihood", "a bound", "GAN", OUT,
         "It has no probability at all, not even a bound, on any of 3 seeds.", "41_comparison"),
    Rule("control", "in a latent space", "VAE", +3,
         "Uphill in its space lifts drug-likeness by {molecule_vae search_lift} over draws from the prior.",
         "24_drug_discovery"),
    Rule("control", "in a latent space", "GAN", +1,
         "A step in its noise makes {race gan bold_asked %} of digits bold (VAE {race vae bold_asked %}); but no way "
         "leads from a picture to its noise.", "41_comparison"),
    Rule("control", "in a latent space", "Transformer", -2,
         "It writes without any latent vector: {image_gpt nats_per_code_test} nats per code, one after another.",
         "38_image_tokens"),
    Rule("control", "by labels or words", "GAN", +2,
         "{caption_gan of_real_test %} of captions obeyed, {caption_gan of_real_unseen %} with new pairs of words.",
         "14_text_to_image"),
    Rule("control", "by labels or words", "Transformer", +2,
         "{image_gpt of_real_test %} of captions obeyed, {image_gpt of_real_unseen %} with new pairs of words.",
         "38_image_tokens"),
    Rule("speed", FAST, "GAN", +2,
         "One pass: {race gan images_per_second} pictures a second in the race.", "41_comparison"),
    Rule("speed", FAST, "VAE", +2,
         "One pass: {race vae images_per_second} pictures a second in the race.", "41_comparison"),
    Rule("speed", FAST, "Transformer", OUT,
         "One pass for each token: {race transformer images_per_second} pictures a second.", "41_comparison"),
    Rule("speed", FAST, "denoiser", -2,
         "20 passes for each draw where a GAN needs 1.", "42_choosing"),
    Rule("speed", FAST, "pretrained", -2,
         "Large models are slower still than ours: {race transformer images_per_second} pictures a second.",
         "41_comparison"),
    Rule("stability", AT_ONCE, "GAN", -2,
         "One setting decides: 20 of 20 games won with momentum 0.5, 0 with 0.9.", "11_two_players"),
    Rule("stability", AT_ONCE, "VAE", +1,
         "One loss that falls: samples 6.8 ± 0.4 times closer than the autoencoder's on 3 of 3 seeds.", "22_vae"),
    Rule("stability", AT_ONCE, "Transformer", +1,
         "Three seeds end at {gpt nats_per_token} nats per token.", "34_gpt"),
    Rule("stability", AT_ONCE, "denoiser", +1,
         "A plain regression: 5 of 5 seeds found all 8 modes with Adam's defaults.", "42_choosing"),
    Rule("labels", "labels or captions", "baseline", +1,
         "Ask first whether a classifier is enough: ours reads {classifier accuracy_test %}.", "12_images"),
    Rule("labels", "labels or captions", "GAN", +1,
         "Told the wanted character, its letters are read right in {glyph_gan read_correctly %}.", "00_start_here"),
    Rule("labels", "pairs", "Transformer", +2,
         "Cross-attention learns from pairs: all facts right in {summarizer all_right_greedy %} of summaries.",
         "36_summarization"),
    Rule("labels", "two unpaired sets", "GAN", +3,
         "Content kept {style_transfer held_out_there_content %}, style reached "
         "{style_transfer held_out_there_style %}, no pair seen.", "13_style_transfer"),
    Rule("compute", "nothing", "GAN", OUT, "Ours trained {digit_gan minutes} minutes on a core.", "12_images"),
    Rule("compute", "nothing", "VAE", OUT, "Ours trained {molecule_vae minutes} minutes on a core.",
         "24_drug_discovery"),
    Rule("compute", "nothing", "Transformer", OUT, "Ours trained {summarizer minutes} minutes on a GPU.",
         "36_summarization"),
    Rule("compute", "nothing", "denoiser", OUT,
         "It has to be trained as well: 2,000 steps even for points in the plane.", "42_choosing"),
    Rule("compute", "nothing", "baseline", +2,
         "The 5th nearest neighbour trains nothing and scored 0.979 ± 0.023.", "23_anomaly_detection"),
    Rule("compute", "nothing", "pretrained", +2,
         "Others paid for the training; that of our BERT took {bert minutes} minutes on a GPU.", "35_bert"),
    Rule("compute", "a laptop", "VAE", +1,
         "Half of its samples were good after {race vae first_good} seconds on a CPU core, the GAN's after "
         "{race gan first_good}.", "41_comparison"),
    Rule("compute", "a GPU or more", "Transformer", +1,
         "With longer training the image GPT reached {image_gpt of_real_test %} of captions.", "38_image_tokens"),
    Rule("pretrained", "yes", "pretrained", +2,
         "Start from what others paid for: 78.5 ± 5.9 % against 53.8 ± 2.6 % from nothing.", "35_bert"),
    Rule("pretrained", "no", "pretrained", OUT,
         "What does not exist cannot be adapted; from nothing it was 53.8 ± 2.6 %.", "35_bert"),
)

CONFLICTS = (
    Conflict({"likelihood": "exact", "speed": FAST},
             "An exact probability comes from writing token by token, which is slow "
             "({race transformer images_per_second} pictures a second in lesson 41): let a Transformer score and a "
             "GAN or VAE draw, or be content with a bound."),
    Conflict({"likelihood": "exact", "control": "in a latent space"},
             "The model with the exact probability has no latent space: take the VAE and its bound, or steer the "
             "Transformer by words."),
    Conflict({"amount": "up to 1,000", "pretrained": "no"},
             "1,000 examples or fewer and nothing pretrained are too little for a deep generator: collect more, "
             "make examples by code, or stay with a classical baseline."),
    Conflict({"compute": "nothing", "pretrained": "no"},
             "Nothing to train on and nothing trained: no deep model can know your data; take a classical "
             "baseline, or borrow a GPU for an evening."),
    Conflict({"stability": AT_ONCE, "labels": "two unpaired sets"},
             "Unpaired sets are learned by playing against a judge, and such a training may fail: make a few hundred "
             "pairs, or allow a second try."),
    Conflict({"task": "an answer to an input", "labels": "nothing"},
             "Without pairs or at least two sets nothing says what the answer should be: collect pairs, or ask a "
             "pretrained model."),
    Conflict({"control": "by labels or words", "labels": "nothing"},
             "Words can steer only if some examples came with words: label a few hundred and let a classifier label "
             "the rest, or start from a pretrained model."),
)
# fmt: on
