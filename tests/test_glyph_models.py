"""The models behind the first lesson: each draws the class it is asked for."""

import pytest
import torch
import torch.nn.functional as F

from helpers import checkpoints
from helpers.course import lesson_table
from helpers.models.gan import GlyphDiscriminator, GlyphGenerator
from helpers.models.vae import ConditionalVAE
from helpers.text import Characters

LABELS = torch.tensor([0, 5, 61])


def _count(model):
    return sum(p.numel() for p in model.parameters())


def test_parameter_counts_follow_the_formula():
    c = 8
    linear = (16 + 32) * 2 * c * 49 + 2 * c * 49
    convolutions = (2 * c * c * 9 + c) + (c * c // 2 * 9 + c // 2) + (c // 2 * 9 + 1)
    norms = 2 * (2 * c + c + c // 2)
    generator = GlyphGenerator(classes=62, latent_dim=16, channels=c)
    assert _count(generator) == 62 * 32 + linear + convolutions + norms
    body = (25 * c + c) + (25 * c * 2 * c + 2 * c) + (2 * c * 49 * 20 + 20)
    assert _count(GlyphDiscriminator(62, c, 20)) == body + (20 + 1) + 62 * 20
    plain = ConditionalVAE(classes=10, latent_dim=4, hidden_dim=32)
    more = ConditionalVAE(classes=11, latent_dim=4, hidden_dim=32)
    assert _count(more) - _count(plain) == 16  # one more input of the decoder's first layer


@pytest.mark.parametrize("make", [GlyphGenerator, ConditionalVAE])
def test_drawings_are_pictures_and_repeat_with_their_generator(make):
    torch.manual_seed(0)
    model = make().eval()
    first, second = (model.sample(LABELS, torch.Generator().manual_seed(1)) for _ in range(2))
    assert first.shape == (3, 1, 28, 28)
    assert first.min() >= 0 and first.max() <= 1
    assert torch.equal(first, second)
    assert not torch.equal(first, model.sample(LABELS, torch.Generator().manual_seed(2)))


def test_the_class_changes_the_drawing_and_nothing_else_does():
    torch.manual_seed(0)
    model, z = GlyphGenerator().eval(), torch.randn(2, 32)
    same, other = model(z, torch.tensor([3, 3])), model(z, torch.tensor([3, 4]))
    assert torch.equal(same[0], other[0])
    assert not torch.allclose(same[1], other[1])


def test_gradients_reach_every_parameter():
    torch.manual_seed(0)
    generator, judge, vae = GlyphGenerator(), GlyphDiscriminator(), ConditionalVAE(hidden_dim=32)
    judge(generator(torch.randn(3, 32), LABELS), LABELS).square().sum().backward()
    logits, mu, logvar = vae(torch.rand(3, 1, 28, 28), LABELS)
    (logits.square().sum() + mu.square().sum() + logvar.square().sum()).backward()
    for model in (generator, judge, vae):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_one_batch_overfits():
    torch.manual_seed(0)
    x, labels = torch.rand(4, 1, 28, 28).round(), torch.tensor([0, 1, 2, 3])
    model = ConditionalVAE(classes=4, latent_dim=2, hidden_dim=64)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(200):
        loss = F.binary_cross_entropy_with_logits(model(x, labels)[0], x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.05


def test_wrong_shapes_are_quoted():
    with pytest.raises(ValueError, match=r"noise has shape \(3, 31\) and labels \(3,\)"):
        GlyphGenerator()(torch.zeros(3, 31), LABELS)
    with pytest.raises(ValueError, match=r"labels \(2,\)"):
        GlyphGenerator()(torch.zeros(3, 32), LABELS[:2])
    with pytest.raises(ValueError, match=r"pictures have shape \(3, 1, 8, 8\)"):
        GlyphDiscriminator()(torch.zeros(3, 1, 8, 8), LABELS)
    with pytest.raises(ValueError, match=r"codes have shape \(3, 9\)"):
        ConditionalVAE(latent_dim=8).decode(torch.zeros(3, 9), LABELS)


@pytest.mark.parametrize("name", ["glyph_gan", "glyph_vae"])
def test_the_shipped_drawings_can_be_read(name):
    torch.manual_seed(0)
    model, header = checkpoints.load(name)
    judge, _ = checkpoints.load("classifier")
    wanted = torch.arange(62).repeat(4)
    with torch.no_grad():
        read = (judge(model.sample(wanted)).argmax(1) == wanted).float().mean().item()
    assert read > 0.8
    assert abs(read - header["results"]["read_correctly"]) < 0.1  # the header says what one measures


def test_the_shipped_writer_continues_a_name_it_has_never_seen():
    model, header = checkpoints.load("story_gpt")
    alphabet = Characters(header["alphabet"])
    ids = alphabet.encode("\nRavindo was in the ")[None]
    with torch.no_grad():
        probs = model(ids)[0, -1].softmax(0)
    places = alphabet.encode("gkhlmcsbftpvowizrdna")  # a place begins with a small letter
    assert probs[places].sum() > 0.95


def test_the_course_map_is_the_readmes_table():
    table = lesson_table().data
    assert "| lesson |" in table
    assert "(notebooks/" not in table  # its links work from the notebooks' folder
